// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using Xunit;
using ChangedPolicy = SystemContainers.Trust.PolicyFile;

namespace SystemContainers.Tests.Pull.Trust;

public sealed class SignaturePolicyTests : IDisposable
{
    private const string Accept = """[{"type":"insecureAcceptAnything"}]""";
    private const string Reject = """[{"type":"reject"}]""";
    private const string Signed = """[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"}]""";

    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-policy-").FullName;

    private string PolicyFile => Path.Combine(_directory, "policy.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>As for podman 6; a file that was named and is not there is not the default of a host without
    /// one.</summary>
    [Fact]
    public void The_caller_may_name_another_file()
    {
        string file = Path.Join(Path.GetDirectoryName(PolicyFile), "named.json");
        ImageReference image = ImageReference.Parse("quay.io/x:1");
        SignaturePolicy Load() =>
            SignaturePolicy.Load(user: null, environment: n => n == "CONTAINERS_POLICY_JSON" ? file : null);

        SysctrException e = Assert.Throws<SysctrException>(Load);
        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("there is no such file", e.Message, StringComparison.Ordinal);
        File.WriteAllText(file, """{"default":[{"type":"reject"}]}""");
        Assert.Contains(
            $"says {file} for default",
            Assert.Throws<SysctrException>(() => Load().Check(image)).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>As containers-policy.json(5) has it, for every user; so a stricter one of root's is obeyed by us as by
    /// podman.</summary>
    [Fact]
    public void Root_s_own_file_counts_before_the_host_s()
    {
        string own = Path.Combine(_directory, ".config/containers/policy.json");
        Directory.CreateDirectory(Path.GetDirectoryName(own)!);
        File.WriteAllText(own, """{"default":[{"type":"reject"}]}""");
        string? Variable(string name) =>
            name switch
            {
                "HOME" => _directory,
                "XDG_CONFIG_HOME" => "/nowhere",
                _ => null,
            };

        Assert.Contains(
            $"says {own} for default",
            Assert
                .Throws<SysctrException>(() =>
                    SignaturePolicy.Load(user: null, environment: Variable).Check(ImageReference.Parse("quay.io/x:1"))
                )
                .Message,
            StringComparison.Ordinal
        );
        using ChangedPolicy changed = ChangedPolicy.Open(user: null, "/", Variable);
        Assert.Equal(own, changed.Path);
    }

    /// <summary>Called with another's home directory, as by sudo -E: nobody else says whom the host trusts.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(".config")]
    [InlineData(".config/containers")]
    public void A_home_directory_that_others_can_change_is_not_root_s(string open)
    {
        Directory.CreateDirectory(Path.Combine(_directory, ".config/containers"));
        File.WriteAllText(
            Path.Combine(_directory, ".config/containers/policy.json"),
            """{"default":[{"type":"insecureAcceptAnything"}]}"""
        );
        File.SetUnixFileMode(Path.Combine(_directory, open), (UnixFileMode)0b111_101_111);

        Assert.Equal(
            "/root/.config/containers/policy.json",
            SignaturePolicy.Own(null, "/", name => name == "HOME" ? _directory : null)
        );
    }

    /// <summary>The caller's home directory is none of that system's.</summary>
    [Fact]
    public void Of_a_system_below_a_directory_root_s_own_is_looked_for_there()
    {
        string root = Path.Combine(_directory, "system");
        string caller = Path.Combine(_directory, "caller");
        string Below(string path) => root + path;
        Assert.Equal(
            "/etc/containers/policy.json",
            SignaturePolicy.Find(SignaturePolicy.Own(null, root, _ => caller), Below)
        );

        Directory.CreateDirectory(Below("/root/.config/containers"));
        File.WriteAllText(Below("/root/.config/containers/policy.json"), """{"default":[{"type":"reject"}]}""");

        Assert.Equal(
            "/root/.config/containers/policy.json",
            SignaturePolicy.Find(SignaturePolicy.Own(null, root, _ => caller), Below)
        );
        Assert.Throws<SysctrException>(() =>
            SignaturePolicy.Load(user: null, root, _ => caller).Check(ImageReference.Parse("quay.io/x:1"))
        );
    }

    [Fact]
    public void A_host_without_the_file_accepts() =>
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse("docker.io/etcd"));

    [Fact]
    public void The_file_that_distributions_ship_accepts()
    {
        File.WriteAllText(
            PolicyFile,
            "{\"default\": " + Accept + ", \"transports\": {\"docker-daemon\": {\"\": " + Accept + "}}}"
        );

        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse("docker.io/etcd"));
    }

    [Theory]
    [InlineData("docker.io/etcd:3", "docker.io/library/etcd:3")]
    [InlineData("docker.io/etcd:3", "docker.io/library/etcd")]
    [InlineData("docker.io/etcd:3", "docker.io/library")]
    [InlineData("docker.io/etcd:3", "docker.io")]
    [InlineData("docker.io/etcd:3", "*.io")]
    [InlineData("docker.io/etcd:3", "")]
    [InlineData("a.b.example.com:5000/x/y", "*.example.com")]
    [InlineData("a.b.example.com:5000/x/y", "*.b.example.com")]
    [InlineData("a.b.example.com:5000/x/y", "*.com")]
    [InlineData("a.b.example.com/x/y", "*.b.example.com")]
    public void A_scope_that_holds_the_image_decides(string image, string scope)
    {
        Write(Reject, "docker", (scope, Accept));
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse(image));

        Write(Accept, "docker", (scope, Reject));
        Refused(image);
    }

    [Theory]
    [InlineData("docker.io/etcd:3", "docker.io/library/etcd:4")]
    [InlineData("docker.io/etcd:3", "docker.io/lib")]
    [InlineData("docker.io/etcd:3", "docker.io/etcd")]
    [InlineData("docker.io/etcd:3", "*.docker.io")]
    [InlineData("example.com:5000/x", "*.example.com")]
    [InlineData("aexample.com:5000/x", "*.example.com")]
    [InlineData("a.example.com:5000/x", "a.example.com")]
    public void A_scope_that_does_not_hold_the_image_does_not(string image, string scope)
    {
        Write(Reject, "docker", (scope, Accept));

        Refused(image);
    }

    /// <summary>A tag and a digest are two identities: neither lets the other pass, whatever scope decides about
    /// it.</summary>
    [Fact]
    public void An_image_by_tag_and_digest_has_to_be_allowed_as_both()
    {
        string digest = "quay.io/x@sha256:" + new string('a', 64);
        string both = digest.Replace("@", ":1@", StringComparison.Ordinal);

        Write(Reject, "docker", ("quay.io/x:1", Accept));
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse("quay.io/x:1"));
        Refused(both);

        Write(Accept, "docker", ("quay.io", Reject), ("quay.io/x:1", Accept));
        Refused(both);

        Write(Reject, "docker", (digest, Accept));
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse(digest));
        Refused(both);

        Write(Reject, "docker", (digest, Accept), ("quay.io/x:1", Accept));
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse(both));

        Write(Reject, "docker", ("quay.io/x", Accept));
        Assert.Single(SignaturePolicy.Load(PolicyFile).RulesFor(ImageReference.Parse(both)));
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse(both));
    }

    [Fact]
    public void The_most_specific_scope_wins()
    {
        Write(
            Reject,
            "docker",
            ("", Reject),
            ("docker.io", Accept),
            ("docker.io/library/etcd", Reject),
            ("docker.io/library/etcd:3", Accept)
        );

        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse("docker.io/etcd:3"));
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse("docker.io/httpd"));
        Refused("docker.io/etcd:4");
        Refused("quay.io/etcd:3");
    }

    [Fact]
    public void An_image_by_tag_and_digest_must_be_allowed_as_both()
    {
        string digest = "sha256:" + new string('a', 64);
        Write(Accept, "docker", ("quay.io/x:1", Accept), ("quay.io/x@" + digest, Reject));

        Refused("quay.io/x:1@" + digest);
    }

    [Fact]
    public void A_signature_is_asked_for_where_a_rule_says_so()
    {
        Write(Accept, "docker", ("quay.io", Signed));
        SignaturePolicy policy = SignaturePolicy.Load(PolicyFile);

        Assert.True(policy.AsksForSignatures(ImageReference.Parse("quay.io/x")));
        Assert.False(policy.AsksForSignatures(ImageReference.Parse("docker.io/x")));
        Assert.Equal(
            ("quay.io", "signedBy"),
            (
                Assert.Single(policy.RulesFor(ImageReference.Parse("quay.io/x"))).Name,
                policy.RulesFor(ImageReference.Parse("quay.io/x"))[0].Requirements[0].Type
            )
        );
        Assert.Equal("default", Assert.Single(policy.RulesFor(ImageReference.Parse("docker.io/x"))).Name);
    }

    [Fact]
    public void A_judgement_holds_until_the_rule_or_its_key_changes()
    {
        string key = Path.Combine(_directory, "key");
        ImageReference image = ImageReference.Parse("quay.io/x");
        string Signed(string more = "") =>
            "[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"" + key + "\"" + more + "}]";
        File.WriteAllText(key, "one");
        Write(Accept, "docker", ("quay.io", Signed()));
        string? first = SignaturePolicy.Load(PolicyFile).JudgementFor(image);
        Assert.NotNull(first);
        Assert.Equal(first, SignaturePolicy.Load(PolicyFile).JudgementFor(image));
        Assert.Null(SignaturePolicy.Load(PolicyFile).JudgementFor(ImageReference.Parse("docker.io/x")));

        File.WriteAllText(key, "two");
        string? second = SignaturePolicy.Load(PolicyFile).JudgementFor(image);
        Write(Accept, "docker", ("quay.io", Signed(",\"signedIdentity\":{\"type\":\"matchRepository\"}")));
        string? third = SignaturePolicy.Load(PolicyFile).JudgementFor(image);

        Assert.Equal(3, new[] { first, second, third }.Distinct().Count());
    }

    [Fact]
    public void All_requirements_of_a_list_must_hold()
    {
        Write(Accept, "docker", ("quay.io", """[{"type":"insecureAcceptAnything"},{"type":"reject"}]"""));

        Refused("quay.io/x");
    }

    [Fact]
    public void Layouts_have_scopes_by_path_and_a_link_does_not_lead_round_them()
    {
        string images = Path.Combine(_directory, "images");
        Directory.CreateDirectory(Path.Combine(images, "bad"));
        Directory.CreateSymbolicLink(Path.Combine(_directory, "way"), "images/../images");
        Write(Accept, "oci", (images + "/bad", Reject), (images + "/bad:ok", Accept));

        Refused($"oci:{images}/bad:1");
        Refused($"oci:{images}/bad/deeper");
        Refused($"oci:{_directory}/way/bad:1");

        // containers/image does not compare tags, so one that is allowed in a directory that is not allowed is none.
        Refused($"oci:{images}/bad:ok");
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse($"oci:{images}/good:1"));

        Write(Accept, "oci", (images + "/bad:1", Reject));
        Refused($"oci:{images}/bad:1");
        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse($"oci:{images}/bad:2"));

        Write(Reject, "oci", (images + "/bad:1", Accept));
        Refused($"oci:{images}/bad:1");
    }

    [Theory]
    [InlineData("oci", "images/bad")]
    [InlineData("oci", "/images/bad/")]
    [InlineData("oci", "/images//bad")]
    [InlineData("oci", "/images/../bad")]
    [InlineData("oci", "/images/./bad")]
    [InlineData("oci", "/")]
    [InlineData("oci-archive", "x.tar")]
    [InlineData("oci-archive", "/x.tar/")]
    [InlineData("dir", "x")]
    [InlineData("dir", "/x/")]
    [InlineData("docker-archive", "/x.tar")]
    [InlineData("docker-archive", "docker.io/library/x")]
    [InlineData("tarball", "/x")]
    [InlineData("containers-storage", "docker.io/library/x")]
    [InlineData("containers-storage", "[x]y")]
    [InlineData("containers-storage", "[overlay@]y")]
    [InlineData("containers-storage", "[]")]
    [InlineData("docker-daemon", "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("docker", "*.example.com:5000")]
    [InlineData("docker", "*.example.com/team")]
    [InlineData("docker", "*")]
    [InlineData("docker", "*.")]
    [InlineData("docker", "*.*.com")]
    [InlineData("docker", "a.*.com")]
    [InlineData("docker", "quay.io/*")]
    [InlineData("docker", "quay.io/")]
    [InlineData("docker", "https://quay.io")]
    [InlineData("docker", "quay.io//x")]
    [InlineData("docker", " quay.io")]
    [InlineData("docker", "busybox")]
    [InlineData("docker", "library/busybox")]
    [InlineData("docker", "index.docker.io")]
    public void A_scope_that_can_hold_no_image_refuses_the_file(string transport, string scope)
    {
        Write(Accept, transport, (scope, Reject));

        SysctrException e = Assert.Throws<SysctrException>(() => SignaturePolicy.Load(PolicyFile));

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains(scope, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("containers-storage", "[/var/lib/containers]")]
    [InlineData("containers-storage", "[overlay@/var/lib/containers]docker.io/library/x")]
    [InlineData("dir", "/x")]
    [InlineData("docker", "localhost/x")]
    [InlineData("docker", "localhost:5000")]
    [InlineData("docker", "[::1]:5000/x")]
    [InlineData("docker", "quay.io/x/y:1.0")]
    [InlineData("docker-daemon", "docker.io/library/x:latest")]
    [InlineData("ostree", "whatever")]
    public void Other_scopes_are_taken(string transport, string scope)
    {
        Write(Accept, transport, (scope, Reject));

        SignaturePolicy.Load(PolicyFile).Check(ImageReference.Parse("quay.io/other"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"default":[]}""")]
    [InlineData("""{"default":{}}""")]
    [InlineData("""{"default":[{}]}""")]
    [InlineData("""{"default":[{"type":"acceptAnything"}]}""")]
    [InlineData("""{"default":[{"type":"insecureAcceptAnything","keyPath":"/k"}]}""")]
    [InlineData("""{"default":[{"type":"insecureAcceptAnything"}],"default":[{"type":"reject"}]}""")]
    [InlineData("""{"default":[{"type":"insecureAcceptAnything"}],"transport":{}}""")]
    [InlineData("""{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"quay.io":[]}}}""")]
    [InlineData("""{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":[]}}""")]
    [InlineData("""{"default":[{"type":"signedBy"}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKeys"}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKey","keyPath":"/k"}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","keyData":"aGk="}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","signedidentity":{}}]}""")]
    [InlineData(
        """{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","signedIdentity":{"type":"matchAny"}}]}"""
    )]
    [InlineData(
        """{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","signedIdentity":{"type":"exactRepository"}}]}"""
    )]
    [InlineData("""{"default":[{"type":"sigstoreSigned"}]}""")]
    [InlineData("""{"default":[{"type":"signedBaseLayer"}]}""")]
    public void A_file_that_can_not_be_understood_accepts_nothing(string text)
    {
        File.WriteAllText(PolicyFile, text);

        SysctrException e = Assert.Throws<SysctrException>(() => SignaturePolicy.Load(PolicyFile));

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains(PolicyFile, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_in_its_place_accepts_nothing()
    {
        Directory.CreateDirectory(PolicyFile);

        Assert.Equal(ErrorKind.Policy, Assert.Throws<SysctrException>(() => SignaturePolicy.Load(PolicyFile)).Kind);
    }

    private SysctrException Refused(string image)
    {
        SignaturePolicy policy = SignaturePolicy.Load(PolicyFile);
        SysctrException e = Assert.Throws<SysctrException>(() => policy.Check(ImageReference.Parse(image)));
        Assert.Equal(ErrorKind.Policy, e.Kind);
        return e;
    }

    private void Write(string defaults, string transport, params (string Scope, string Requirements)[] scopes) =>
        File.WriteAllText(
            PolicyFile,
            "{\"default\":"
                + defaults
                + ",\"transports\":{\""
                + transport
                + "\":{"
                + string.Join(',', scopes.Select(s => $"\"{s.Scope}\":{s.Requirements}"))
                + "}}}"
        );
}
