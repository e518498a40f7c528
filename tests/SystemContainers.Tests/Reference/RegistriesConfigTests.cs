// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Reference;
using Xunit;

namespace SystemContainers.Tests.Reference;

public sealed class RegistriesConfigTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-registries-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Without_files_a_short_name_is_an_error_that_says_what_to_write()
    {
        SysctrException e = Assert.Throws<SysctrException>(() => Load().Resolve("etcd:3"));

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("docker.io/library/etcd", e.Hint, StringComparison.Ordinal);
        Assert.Contains("unqualified-search-registries", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_name_needs_no_configuration() =>
        Assert.Equal("docker://quay.io/a/b:latest", Assert.Single(Load().Resolve("quay.io/a/b")).ToString());

    [Fact]
    public void A_short_name_is_looked_up_in_each_search_registry_in_order()
    {
        Main("""unqualified-search-registries = ["quay.io", "docker.io", "localhost:5000"]""");

        Assert.Equal(
            ["docker://quay.io/etcd:3", "docker://docker.io/library/etcd:3", "docker://localhost:5000/etcd:3"],
            Load().Resolve("etcd:3").Select(r => r.ToString())
        );
    }

    [Fact]
    public void An_alias_wins_over_the_search_registries_and_keeps_the_tag()
    {
        Main(
            """
            unqualified-search-registries = ["quay.io"]
            [aliases]
            "etcd" = "gcr.io/etcd-development/etcd"
            "my/tool" = "quay.io/me/tool"
            """
        );

        Assert.Equal("docker://gcr.io/etcd-development/etcd:v3", Assert.Single(Load().Resolve("etcd:v3")).ToString());
        Assert.Equal("docker://quay.io/me/tool:latest", Assert.Single(Load().Resolve("my/tool")).ToString());
    }

    [Fact]
    public void Drop_ins_override_in_the_order_of_their_names_and_an_empty_alias_erases()
    {
        Main(
            """
            unqualified-search-registries = ["a.example"]
            [aliases]
            "one" = "a.example/one"
            "two" = "a.example/two"
            """
        );
        DropIn(
            "20-late.conf",
            """
            [aliases]
            "one" = "late.example/one"
            """
        );
        DropIn(
            "10-early.conf",
            """
            unqualified-search-registries = ["b.example"]
            [aliases]
            "one" = "early.example/one"
            "two" = ""
            """
        );
        DropIn("30-ignored.txt", "not toml");

        RegistriesConfig config = Load();

        Assert.Equal("late.example", Assert.Single(config.Resolve("one")).Registry);
        Assert.Equal("b.example", Assert.Single(config.Resolve("two")).Registry);
    }

    [Fact]
    public void Recorded_aliases_are_the_strongest()
    {
        Main(
            """
            [aliases]
            "one" = "a.example/one"
            """
        );
        Write(
            "cache.conf",
            """
            [aliases]
              "one" = "recorded.example/one"
            """
        );

        Assert.Equal("recorded.example", Assert.Single(Load().Resolve("one")).Registry);
    }

    [Fact]
    public void Enforcing_refuses_an_ambiguous_short_name()
    {
        Main(
            """
            unqualified-search-registries = ["a.example", "b.example"]
            short-name-mode = "enforcing"
            """
        );

        SysctrException e = Assert.Throws<SysctrException>(() => Load().Resolve("etcd"));

        Assert.Contains("b.example/etcd:latest", e.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("example.com/foo/image", "internal.example/bar/image:latest")]
    [InlineData("example.com/foo:1", "internal.example/bar:1")]
    [InlineData("example.com/foobar", "example.com/foobar:latest")]
    [InlineData("example.com/foo/deep/image", "deeper.example/image:latest")]
    [InlineData("example.com:5000/foo", "example.com:5000/foo:latest")]
    [InlineData("docker.io/etcd", "hub.example/library/etcd:latest")]
    [InlineData("a.b.wild.example/x", "a.b.wild.example/x:latest")]
    [InlineData("a.b.moved.example/x", "new.example/x:latest")]
    [InlineData("pinned.example/x:1", "other.example/y:2")]
    public void The_longest_prefix_decides_the_location(string typed, string expected)
    {
        Main(
            """
            [[registry]]
            prefix = "example.com/foo"
            location = "internal.example/bar"
            [[registry]]
            prefix = "example.com/foo/deep"
            location = "deeper.example"
            [[registry]]
            prefix = "docker.io"
            location = "hub.example/"
            [[registry]]
            prefix = "*.wild.example"
            insecure = true
            [[registry]]
            prefix = "*.moved.example"
            location = "new.example"
            [[registry]]
            prefix = "pinned.example/x:1"
            location = "other.example/y:2"
            """
        );

        Assert.Equal(expected, Assert.Single(Load().For(ImageReference.Parse(typed)).Endpoints).Reference.Identity);
    }

    [Theory]
    [InlineData("plain.example/x", true)]
    [InlineData("plain.example:5000/x", false)]
    [InlineData("port.example:5000/x", true)]
    [InlineData("port.example/x", false)]
    [InlineData("a.wild.example:5000/x", true)]
    [InlineData("wild.example/x", false)]
    [InlineData("notwild.example/x", false)]
    public void Insecure_holds_for_exactly_the_host_that_was_named(string typed, bool insecure)
    {
        Main(
            """
            [[registry]]
            location = "plain.example"
            insecure = true
            [[registry]]
            location = "port.example:5000"
            insecure = true
            [[registry]]
            prefix = "*.wild.example"
            insecure = true
            """
        );

        Assert.Equal(insecure, Assert.Single(Load().For(ImageReference.Parse(typed)).Endpoints).Insecure);
    }

    [Fact]
    public void Mirrors_come_first_and_serve_the_references_they_are_for()
    {
        Main(
            """
            [[registry]]
            location = "example.com"
            [[registry.mirror]]
            location = "m1.example/cache"
            insecure = true
            [[registry.mirror]]
            location = "m2.example"
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "m3.example"
            pull-from-mirror = "tag-only"
            """
        );
        string digest = "sha256:" + new string('a', 64);

        RegistriesConfig config = Load();

        Assert.Equal(
            [("m1.example/cache/x:1", true), ("m3.example/x:1", false), ("example.com/x:1", false)],
            config
                .For(ImageReference.Parse("example.com/x:1"))
                .Endpoints.Select(e => (e.Reference.Identity, e.Insecure))
        );
        Assert.Equal(
            ["m1.example", "m2.example", "example.com"],
            config.For(ImageReference.Parse("example.com/x@" + digest)).Endpoints.Select(e => e.Reference.Registry)
        );
    }

    [Fact]
    public void A_blocked_namespace_says_so()
    {
        Main(
            """
            [[registry]]
            prefix = "example.com/bad"
            location = "example.com/bad"
            blocked = true
            """
        );

        Assert.True(Load().For(ImageReference.Parse("example.com/bad/x")).Blocked);
        Assert.False(Load().For(ImageReference.Parse("example.com/good/x")).Blocked);
    }

    [Theory]
    [InlineData("unqualified-search-registries = [")]
    [InlineData("unqualified-search-registries = \"docker.io\"")]
    [InlineData("[registries.search]\nregistries = ['registry1.com']")]
    [InlineData("[[registry]]\ninsecure = true")]
    [InlineData("[[registry]]\nlocation = \"https://example.com\"")]
    [InlineData("[[registry]]\nlocation = \"no host\"")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\nlocation = \"-\"")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry]]\nlocation = \"a.example\"\nblocked = true")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry]]\nlocation = \"a.example\"\ninsecure = true")]
    [InlineData(
        "[[registry]]\nprefix = \"a.example\"\nlocation = \"m.example\"\n[[registry]]\nprefix = \"b.example\"\nlocation = \"m.example\"\ninsecure = true"
    )]
    [InlineData(
        "[[registry]]\nprefix = \"a.example\"\nlocation = \"m.example\"\n[[registry]]\nprefix = \"a.example\"\nlocation = \"n.example\"\nblocked = true"
    )]
    [InlineData("unqualified-search-registries = [\"no host\"]")]
    [InlineData("unqualified-search-registries = [7]")]
    [InlineData("[[registry]]\nlocation = [\"a.example\"]")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\nblocked = \"yes\"")]
    [InlineData("registry = \"a.example\"")]
    [InlineData("[aliases]\n\"etcd\" = \"short\"")]
    [InlineData("short-name-mode = \"enforcin\"")]
    public void A_file_that_can_not_be_understood_stops_every_pull(string text)
    {
        Main(text);

        SysctrException e = Assert.Throws<SysctrException>(() => Load());

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains(Path.Combine(_directory, "registries.conf"), e.Message, StringComparison.Ordinal);
        Assert.Null(Fuzz.Targets.ForeignWords.Find(e.Message));
    }

    /// <summary>containers/image's verdicts on what stands in files of the wild (sysregistriesv2,
    /// postProcessRegistries).</summary>
    [Theory]
    [InlineData("[[registry]]\nprefix = \"*.internal\"\nblocked = true", "reg.internal/x", "blocked")]
    [InlineData(
        "[[registry]]\nprefix = \"*.internal\"\nblocked = true",
        "internal.example/x",
        "internal.example/x:latest"
    )]
    [InlineData(
        "[[registry]]\nprefix = \"*.internal\"\nlocation = \"mirror.example\"",
        "a.b.internal:5000/x",
        "mirror.example:5000/x:latest"
    )]
    [InlineData("[[registry]]\nlocation = \"registry\"", "quay.io/x", "quay.io/x:latest")]
    [InlineData(
        "[[registry]]\nlocation = \"registry:5000\"\ninsecure = true",
        "registry:5000/x",
        "registry:5000/x:latest"
    )]
    [InlineData(
        "[[registry]]\nprefix = \"quay.io\"\nlocation = \"quay.io\"\n[[registry.mirror]]\nlocation = \"mirror:5000/q\"",
        "quay.io/x",
        "mirror:5000/q/x:latest quay.io/x:latest"
    )]
    [InlineData(
        "[[registry]]\nprefix = \"a.example\"\nlocation = \"one.example\"\n[[registry]]\nprefix = \"a.example\"\nlocation = \"two.example\"",
        "a.example/x",
        "one.example/x:latest"
    )]
    [InlineData(
        "[[registry]]\nlocation = \"a.example\"\n[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\nlocation = \"m.example\"",
        "a.example/x",
        "a.example/x:latest"
    )]
    public void What_podman_takes_is_taken(string text, string image, string expected)
    {
        Main(text);

        RegistrySettings settings = Load().For(ImageReference.Parse(image));

        Assert.Equal(
            expected,
            settings.Blocked ? "blocked" : string.Join(' ', settings.Endpoints.Select(e => e.Reference.Identity))
        );
    }

    /// <summary>There podman fails or, for a short name, goes to docker.io/registry/etcd; here the word for it is
    /// said.</summary>
    [Theory]
    [InlineData("unqualified-search-registries = [\"registry\"]", "etcd")]
    [InlineData("[[registry]]\nprefix = \"quay.io\"\nlocation = \"registry/x\"", "quay.io/etcd")]
    [InlineData("[[registry]]\nlocation = \"quay.io\"\n[[registry.mirror]]\nlocation = \"registry\"", "quay.io/etcd")]
    public void A_host_without_a_dot_fails_only_the_image_that_needs_it(string text, string image)
    {
        Main(text);
        RegistriesConfig config = Load();

        SysctrException e = Assert.Throws<SysctrException>(() => config.For(config.Resolve(image)[0]));

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("registry:443", e.Hint, StringComparison.Ordinal);
        Assert.Single(config.For(config.Resolve("a.example/x")[0]).Endpoints);
    }

    [Fact]
    public void A_file_that_the_user_named_must_be_there() =>
        Assert.Throws<SysctrException>(() =>
            RegistriesConfig.Load(
                new RegistriesConfPaths(Path.Combine(_directory, "missing"), null, null, MainIsRequired: true)
            )
        );

    [Theory]
    [InlineData("*.example.com:5000")]
    [InlineData("*.example.com/team")]
    [InlineData("*.example.com@x")]
    [InlineData("*.*.com")]
    [InlineData("*.")]
    [InlineData("*")]
    [InlineData("a.*.com")]
    [InlineData("quay.io/*")]
    [InlineData("index.docker.io")]
    [InlineData("index.docker.io/library")]
    public void A_prefix_that_can_match_nothing_refuses_the_file(string prefix)
    {
        Main($"[[registry]]\nprefix = \"{prefix}\"\nlocation = \"mirror.example\"\nblocked = true");

        SysctrException e = Assert.Throws<SysctrException>(() => Load());

        Assert.Equal(ErrorKind.Policy, e.Kind);
    }

    [Theory]
    [InlineData("*.example.com", "reg.example.com/x", true)]
    [InlineData("*.example.com", "reg.example.com:5000/x", true)]
    [InlineData("*.example.com", "a.b.example.com:5000/x", true)]
    [InlineData("*.example.com", "example.com/x", false)]
    [InlineData("*.example.com", "quay.io/reg.example.com/x", false)]
    [InlineData("reg.example.com", "reg.example.com:5000/x", true)]
    [InlineData("reg.example.com:5000", "reg.example.com/x", false)]
    public void What_is_blocked_is_blocked_whatever_the_port(string prefix, string image, bool blocked)
    {
        Main(
            $"unqualified-search-registries = [\"quay.io\"]\n[[registry]]\nprefix = \"{prefix}\"\nlocation = \"mirror.example\"\nblocked = true"
        );

        Assert.Equal(blocked, Load().For(ImageReference.Parse(image)).Blocked);
    }

    [Fact]
    public void A_port_that_has_a_table_of_its_own_goes_by_that()
    {
        Main(
            "[[registry]]\nlocation = \"reg.example.com\"\nblocked = true\n[[registry]]\nlocation = \"reg.example.com:5000\""
        );

        Assert.False(Load().For(ImageReference.Parse("reg.example.com:5000/x")).Blocked);
        Assert.True(Load().For(ImageReference.Parse("reg.example.com:5001/x")).Blocked);
    }

    [Theory]
    [InlineData("*.example.com", "*.a.example.com")]
    [InlineData("*.a.example.com", "*.example.com")]
    public void The_longer_of_two_wildcards_decides_whatever_their_order(string first, string second)
    {
        string Table(string prefix) =>
            $"[[registry]]\nprefix = \"{prefix}\"\nblocked = {(prefix == "*.a.example.com" ? "true" : "false")}\n";
        Main(Table(first) + Table(second));

        Assert.True(Load().For(ImageReference.Parse("x.a.example.com/x")).Blocked);
        Assert.False(Load().For(ImageReference.Parse("x.b.example.com/x")).Blocked);
    }

    private RegistriesConfig Load() =>
        RegistriesConfig.Load(
            new RegistriesConfPaths(
                Path.Combine(_directory, "registries.conf"),
                Path.Combine(_directory, "registries.conf.d"),
                Path.Combine(_directory, "cache.conf")
            )
        );

    private void Main(string text) => Write("registries.conf", text);

    private void DropIn(string name, string text)
    {
        Directory.CreateDirectory(Path.Combine(_directory, "registries.conf.d"));
        Write("registries.conf.d/" + name, text);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_directory, name), text);
}
