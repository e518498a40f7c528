// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Rights;
using Xunit;

namespace SystemContainers.Tests.Rights;

/// <summary>Which table of sysctr.toml is for an image.</summary>
public sealed class RightsPolicyTests
{
    private const string Digest = "sha256:0123456789012345678901234567890123456789012345678901234567890123";

    [Theory]
    [InlineData("", "docker://quay.io/org/app:1", true)]
    [InlineData("quay.io", "docker://quay.io/org/app:1", true)]
    [InlineData("QUAY.io", "docker://quay.io/org/app:1", true)]
    [InlineData("quay.io/org", "docker://quay.io/org/app:1", true)]
    [InlineData("docker://quay.io/org/app", "docker://quay.io/org/app:1", true)]
    [InlineData("quay.io/org/app:1", "docker://quay.io/org/app:1", true)]
    [InlineData("quay.io/org/app", "docker://quay.io/org/app@" + Digest, true)]
    [InlineData("quay.io/or", "docker://quay.io/org/app:1", false)]
    [InlineData("quay.io/org/app:1", "docker://quay.io/org/app:1.2", false)]
    [InlineData("quay.io/org/ap", "docker://quay.io/org/app:1", false)]
    [InlineData("quay.io", "docker://quay.io:5000/org/app:1", false)]
    [InlineData("quay.io", "docker://quay.io.evil.example/org/app:1", false)]
    [InlineData("quay.io:5000", "docker://quay.io:5000/org/app:1", true)]
    [InlineData("*.example.com", "docker://reg.example.com/a:1", true)]
    [InlineData("*.example.com", "docker://reg.example.com:5000/a:1", true)]
    [InlineData("*.example.com:5000", "docker://reg.example.com:5000/a:1", true)]
    [InlineData("*.example.com:5000", "docker://reg.example.com/a:1", false)]
    [InlineData("*.example.com/org", "docker://reg.example.com/org/a:1", true)]
    [InlineData("*.example.com/org", "docker://reg.example.com/other/a:1", false)]
    [InlineData("*.example.com", "docker://example.com/a:1", false)]
    [InlineData("*.example.com", "docker://evilexample.com/a:1", false)]
    [InlineData("oci:/srv/images", "oci:/srv/images/app:latest", true)]
    [InlineData("oci:/srv/images", "oci:/srv/images:latest", true)]
    [InlineData("oci:/srv/image", "oci:/srv/images/app:latest", false)]
    [InlineData("oci:", "oci:/srv/images/app:latest", true)]
    [InlineData("oci:", "oci-archive:/srv/app.tar", false)]
    [InlineData("docker-archive:/srv", "docker-archive:/srv/app.tar", true)]
    [InlineData("docker-daemon:", "docker-daemon:docker.io/library/app:1", true)]
    [InlineData("docker-daemon:docker.io/library", "docker-daemon:docker.io/library/app:1", true)]
    [InlineData("docker.io/library", "docker-daemon:docker.io/library/app:1", false)]
    public void Prefixes(string prefix, string image, bool fits) =>
        Assert.Equal(fits, RightsPolicy.Of("f", [new RightsRule { Prefix = prefix }]).For(image) is not null);

    [Fact]
    public void The_longest_prefix_decides()
    {
        string[] prefixes =
        [
            "",
            "*.example.com",
            "*.eu.example.com",
            "reg.eu.example.com",
            "reg.eu.example.com/org",
            "reg.eu.example.com/org/app",
        ];
        RightsPolicy policy = RightsPolicy.Of("f", [.. prefixes.Reverse().Select(p => new RightsRule { Prefix = p })]);

        Assert.Equal("reg.eu.example.com/org/app", policy.For("docker://reg.eu.example.com/org/app:1")!.Prefix);
        Assert.Equal("reg.eu.example.com/org", policy.For("docker://reg.eu.example.com/org/b:1")!.Prefix);
        Assert.Equal("reg.eu.example.com", policy.For("docker://reg.eu.example.com/b:1")!.Prefix);
        Assert.Equal("*.eu.example.com", policy.For("docker://b.eu.example.com/b:1")!.Prefix);
        Assert.Equal("*.example.com", policy.For("docker://b.us.example.com/b:1")!.Prefix);
        Assert.Equal("", policy.For("oci:/b:1")!.Prefix);
    }

    [Theory]
    [InlineData("oci:relative")]
    [InlineData("quay.io/org/")]
    [InlineData("/srv/images")]
    [InlineData("quay.*")]
    [InlineData("*")]
    [InlineData("*.a.*.b")]
    [InlineData("https://quay.io")]
    [InlineData("quay.io /org")]
    public void A_prefix_that_no_image_can_have_is_an_error(string prefix) =>
        Assert.Equal(
            ErrorKind.Usage,
            Assert.Throws<SysctrException>(() => RightsPolicy.Of("f", [new RightsRule { Prefix = prefix }])).Kind
        );

    [Fact]
    public void So_is_a_word_that_means_nothing()
    {
        Refused(new RightsRule { Prefix = "", Allow = ["crons"] });
        Refused(new RightsRule { Prefix = "", Forbid = ["default"] });
        Refused(new RightsRule { Prefix = null });
        Refused(new RightsRule { Prefix = "", Unknown = { ["alow"] = 1 } });
        Refused(new RightsRule { Prefix = "" }, new RightsRule { Prefix = "" });

        static void Refused(params RightsRule[] rules) =>
            Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => RightsPolicy.Of("f", rules)).Kind);
    }
}
