// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Reference;
using Xunit;

namespace SystemContainers.Tests.Reference;

public sealed class ImageReferenceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("docker://etcd", "docker://docker.io/library/etcd:latest")]
    [InlineData("docker://coreos/etcd:v3", "docker://docker.io/coreos/etcd:v3")]
    [InlineData("docker.io/etcd", "docker://docker.io/library/etcd:latest")]
    [InlineData("index.docker.io/etcd", "docker://docker.io/library/etcd:latest")]
    [InlineData("quay.io/coreos/etcd", "docker://quay.io/coreos/etcd:latest")]
    [InlineData("localhost/x", "docker://localhost/x:latest")]
    [InlineData("localhost:5000/x:1.0", "docker://localhost:5000/x:1.0")]
    [InlineData("127.0.0.1:5000/a/b__c-d.e", "docker://127.0.0.1:5000/a/b__c-d.e:latest")]
    [InlineData("[::1]:5000/x", "docker://[::1]:5000/x:latest")]
    [InlineData("quay.io/x@sha256:" + Hex, "docker://quay.io/x@sha256:" + Hex)]
    [InlineData("quay.io/x:v1@sha256:" + Hex, "docker://quay.io/x:v1@sha256:" + Hex)]
    [InlineData("oci:/srv/images/etcd", "oci:/srv/images/etcd")]
    [InlineData("oci:/srv/images//etcd/:v1", "oci:/srv/images/etcd:v1")]
    [InlineData("oci:/srv/x/../y:a/b@c", "oci:/srv/y:a/b@c")]
    [InlineData("oci:/srv/y:v1@sha256:" + Hex, "oci:/srv/y:v1@sha256:" + Hex)]
    [InlineData("oci:/srv/y@sha256:" + Hex, "oci:/srv/y@sha256:" + Hex)]
    [InlineData("oci-archive:/srv/x.tar:v1", "oci-archive:/srv/x.tar:v1")]
    [InlineData("docker-archive:/srv//x.tar", "docker-archive:/srv/x.tar")]
    [InlineData("docker-archive:/srv/x.tar:etcd", "docker-archive:/srv/x.tar:docker.io/library/etcd:latest")]
    [InlineData("docker-archive:/srv/x.tar:localhost:5000/a/b:v1", "docker-archive:/srv/x.tar:localhost:5000/a/b:v1")]
    [InlineData("docker-daemon:etcd:v1", "docker-daemon:docker.io/library/etcd:v1")]
    [InlineData("docker-daemon:sha256:" + Hex, "docker-daemon:sha256:" + Hex)]
    public void A_full_name_is_normalised(string text, string canonical)
    {
        ImageReference reference = ImageReference.Parse(text);

        Assert.Equal(canonical, reference.ToString());
        Assert.Equal(reference, ImageReference.Parse(canonical));
    }

    [Fact]
    public void A_relative_layout_becomes_absolute() =>
        Assert.Equal(Path.GetFullPath("images/etcd"), ImageReference.Parse("oci:images/etcd:v1").FilePath);

    [Theory]
    [InlineData("", "empty")]
    [InlineData("quay.io/Etcd", "lower case")]
    [InlineData("quay.io/", "repository")]
    [InlineData("quay.io//x", "repository")]
    [InlineData("quay.io/x/../y", "repository")]
    [InlineData("quay.io/x:", "tag")]
    [InlineData("quay.io/x:-a", "tag")]
    [InlineData("quay.io/x:a b", "tag")]
    [InlineData("quay.io/x@sha256:abc", "digest")]
    [InlineData("quay.io/x@md5:" + Hex, "digest")]
    [InlineData("quay.io/x@sha256:" + Hex + "\n", "digest")]
    [InlineData("quay.io/x?y", "repository")]
    [InlineData("-a.b/x", "host")]
    [InlineData("a.b:123456/x", "host")]
    [InlineData("user@a.b/x", "digest")]
    [InlineData("https://quay.io/x", "transport")]
    [InlineData("containers-storage:x:1", "transport")]
    [InlineData("docker:x:1", "transport")]
    [InlineData("docker-archive:", "file")]
    [InlineData("docker-archive:/x.tar:@1", "name")]
    [InlineData("docker-archive:/x.tar:X", "lower case")]
    [InlineData("docker-daemon:x@sha256:" + Hex, "manifests")]
    [InlineData("oci-archive:/x.tar:a b", "layout")]
    [InlineData("dir:/srv/x\0", "directory")]
    [InlineData("./x", "path")]
    [InlineData("/srv/x", "path")]
    [InlineData("oci:", "directory")]
    [InlineData("oci:/x:a b", "layout")]
    [InlineData("etcd", "no registry")]
    public void A_malformed_name_is_refused_with_its_reason(string text, string reason)
    {
        SysctrException e = Assert.Throws<SysctrException>(() => ImageReference.Parse(text));

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker-archive:/srv/etcd.tar.gz", "etcd")]
    [InlineData("docker-archive:/srv/x.tar:a/flannel:v1", "flannel")]
    [InlineData("oci-archive:/srv/etcd.tar:v1", "etcd")]
    [InlineData("docker-daemon:a/etcd:v1", "etcd")]
    [InlineData("docker-daemon:sha256:" + Hex, "0123456789ab")]
    [InlineData("oci:/srv/etcd.tar", "etcd.tar")]
    public void Its_last_word_names_a_container(string text, string name) =>
        Assert.Equal(name, ImageReference.Parse(text).ShortName);

    [Theory]
    [InlineData("dir:/srv/x:v1/", "dir:/srv/x:v1")]
    [InlineData("dir:/srv/../x", "dir:/x")]
    [InlineData("a.b/dir:1", "docker://a.b/dir:1")]
    public void A_directory_is_all_path(string text, string canonical) =>
        Assert.Equal(canonical, ImageReference.Parse(text).ToString());

    [Fact]
    public void Control_characters_do_not_reach_the_terminal()
    {
        SysctrException e = Assert.Throws<SysctrException>(() => ImageReference.Parse("quay.io/\u001b[2Jx"));

        Assert.DoesNotContain('\u001b', e.Message);
    }

    [Fact]
    public void A_name_of_more_than_255_characters_is_refused() =>
        Assert.Throws<SysctrException>(() => ImageReference.Parse("quay.io/" + new string('a', 250)));

    [Fact]
    public void Any_well_formed_reference_survives_text()
    {
        Gen<string> word = Gen.Char["abcxyz019"].Array[1, 8].Select(c => new string(c));
        Gen<string> component = Gen.Select(
            word,
            Gen.OneOfConst(".", "_", "__", "-", "--"),
            word,
            (a, s, b) => a + s + b
        );
        Gen<string> repository = component.Array[1, 4].Select(c => string.Join('/', c));
        Gen<string> host = Gen.Select(word, word, Gen.Int[0, 65535], (a, b, p) => p % 2 == 0 ? $"{a}.{b}" : $"{a}:{p}");
        Gen<string> tag = Gen.Char["abAB09_.-"].Array[1, 20].Select(c => "v" + new string(c));
        Gen<string> suffix = Gen.OneOf(
            Gen.Const(""),
            tag.Select(t => ":" + t),
            Gen.Byte.Array[10].Select(b => "@" + Digest.Sha256(b)),
            Gen.Select(tag, Gen.Byte.Array[10], (t, b) => $":{t}@{Digest.Sha256(b)}")
        );

        Gen.Select(host, repository, suffix)
            .Check(parts =>
            {
                (string h, string r, string s) = parts;
                ImageReference first = ImageReference.Parse($"{h}/{r}{s}");
                ImageReference second = ImageReference.Parse(first.ToString());

                Assert.Equal(first, second);
                Assert.Equal(h, first.Registry);
                Assert.Equal(r, first.Repository);
            });
    }

    [Fact]
    public void Any_text_is_either_a_reference_that_survives_text_or_a_usage_error()
    {
        Gen<string> text = Gen.Char["abAB01:/@._-[]* \n\0%?#ociskerd\\"].Array[0, 30].Select(c => new string(c));

        text.Check(t =>
        {
            try
            {
                ImageReference reference = ImageReference.Parse(t);
                Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
                Assert.DoesNotContain("..", reference.Repository, StringComparison.Ordinal);
            }
            catch (SysctrException e)
            {
                Assert.Equal(ErrorKind.Usage, e.Kind);
            }
        });
    }
}
