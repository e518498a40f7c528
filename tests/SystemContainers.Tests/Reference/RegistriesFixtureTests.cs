// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Reference;
using Xunit;

namespace SystemContainers.Tests.Reference;

/// <summary>What each file of containers/image's pkg/sysregistriesv2/testdata is there to show, by files of our
/// own.</summary>
public sealed class RegistriesFixtureTests : IDisposable
{
    private const string Digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-fixtures-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Refused there, and refused here.</summary>
    [Theory]
    [InlineData(
        "blocked-conflicts",
        "[[registry]]\nlocation=\"r.example\"\n[[registry]]\nlocation=\"r.example\"\nblocked=true",
        "'blocked'"
    )]
    [InlineData(
        "insecure-conflicts",
        "[[registry]]\nlocation=\"r.example\"\n[[registry]]\nlocation=\"r.example\"\ninsecure=true",
        "'insecure'"
    )]
    [InlineData("invalid-aliases", "[aliases]\none=\"quay.io/team/one:1\"", "tag or digest")]
    [InlineData("invalid-aliases, short", "[aliases]\none=\"other:1\"", "HOST/REPOSITORY")]
    [InlineData(
        "invalid-config-level-mirror",
        "[[registry]]\nlocation=\"r.example\"\npull-from-mirror=\"digest-only\"",
        "belongs into a [[registry.mirror]]"
    )]
    [InlineData(
        "invalid-conflict-mirror",
        "[[registry]]\nlocation=\"r.example\"\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation=\"m.example\"\npull-from-mirror=\"digest-only\"",
        "one of the two"
    )]
    [InlineData(
        "invalid-value-mirror",
        "[[registry]]\nlocation=\"r.example\"\n[[registry.mirror]]\nlocation=\"m.example\"\npull-from-mirror=\"sometimes\"",
        "not all, digest-only or tag-only"
    )]
    [InlineData(
        "invalid-prefix",
        "[[registry]]\nlocation=\"r.example:5000\"\nprefix=\"http://p.example\"",
        "has a scheme"
    )]
    [InlineData("invalid-search", "unqualified-search-registries=[\"r.example/team\"]", "has a path")]
    [InlineData("invalid-short-name-mode", "short-name-mode=\"strict\"", "not enforcing, permissive or disabled")]
    [InlineData(
        "missing-mirror-location",
        "[[registry]]\nlocation=\"r.example\"\n[[registry.mirror]]\ninsecure=true",
        "has no location"
    )]
    [InlineData(
        "mixing-v1-v2",
        "unqualified-search-registries=[\"r.example\"]\n[registries.search]\nregistries=[\"r.example\"]",
        "version 1"
    )]
    [InlineData(
        "mixing-v1-v2-empty",
        "unqualified-search-registries=[]\n[registries.search]\nregistries=[]",
        "version 1"
    )]
    [InlineData("v1-compatibility", "[registries.block]\nregistries=[\"r.example\"]", "version 1")]
    [InlineData("v1-compatibility, in capitals", "[Registries.Insecure]\nregistries=[\"r.example\"]", "version 1")]
    [InlineData("try-update-cache-invalid", "words", "line 1")]
    [InlineData("a key twice", "[[registry]]\nlocation=\"r.example\"\nblocked=true\nblocked=false", "blocked")]
    [InlineData(
        "a key twice, in two cases",
        "[[registry]]\nlocation=\"r.example\"\nblocked=true\nBlocked=false",
        "line "
    )]
    [InlineData("location unset", "[[registry]]\nprefix=\"r.example\"", "has no location")]
    [InlineData("wildcard with a port", "[[registry]]\nprefix=\"*.example:5000\"\nlocation=\"r.example\"", "*.DOMAIN")]
    public void What_podman_refuses_is_refused(string fixture, string text, string why)
    {
        Write("registries.conf", text);

        SysctrException e = Assert.Throws<SysctrException>(() => Load());

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.True(e.Message.Contains(why, StringComparison.Ordinal), $"{fixture}: {e.Message}");
    }

    /// <summary>shortnames_test.go: names and values of aliases.</summary>
    [Theory]
    [InlineData("fedora", "docker.io/library/fedora", true)]
    [InlineData("library/fedora", "localhost/fedora", true)]
    [InlineData("1234", "localhost:5000/team/fedora", true)]
    [InlineData("fedora", "docker.io/fedora", true)]
    [InlineData("fedora", "", true)]
    [InlineData("fedora", "docker.io/library/fedora:latest", false)]
    [InlineData("fedora", "docker.io/library/fedora" + Digest, false)]
    [InlineData("fedora", "other", false)]
    [InlineData("fedora", "library/other", false)]
    [InlineData("fedora", "library/other:latest", false)]
    [InlineData("fedora", "$$4455%%", false)]
    [InlineData("fedora", "docker://other", false)]
    [InlineData("fedora", "docker-archive:/other", false)]
    [InlineData("docker.io/library/fedora", "quay.io/fedora", false)]
    [InlineData("localhost/fedora", "quay.io/fedora", false)]
    [InlineData("fedora:latest", "quay.io/fedora", false)]
    [InlineData("fedora" + Digest, "quay.io/fedora", false)]
    [InlineData("docker://fedora", "quay.io/fedora", false)]
    [InlineData("$$4455%%", "quay.io/fedora", false)]
    [InlineData("", "quay.io/fedora", false)]
    public void Aliases_are_checked(string name, string full, bool good)
    {
        Write("registries.conf", $"[aliases]\n\"{name}\" = \"{full}\"");

        if (good)
        {
            Load();
            return;
        }

        Assert.Equal(ErrorKind.Policy, Assert.Throws<SysctrException>(() => Load()).Kind);
    }

    [Fact]
    public void Aliases_of_drop_ins_and_of_the_cache_replace_one_another()
    {
        Write(
            "registries.conf",
            "short-name-mode=\"enforcing\"\n[aliases]\nimage=\"docker.io/library/main\"\n\"team/tool\"=\"quay.io/team/main\"\ngone=\"r.example/gone\"\nempty=\"\""
        );
        Write(
            "registries.conf.d/1.conf",
            "unqualified-search-registries=[\"s.example\"]\n[aliases]\nimage=\"docker.io/library/one\"\nboth=\"b.example/one\""
        );
        Write(
            "registries.conf.d/2.conf",
            "short-name-mode=\"permissive\"\n[aliases]\nboth=\"b.example/two\"\nrecorded=\"c.example/two\"\ngone=\"\""
        );
        Write("registries.conf.d/3.ignore", "[aliases]\nimage=\"words that are no name\"");
        Write(
            "cache.conf",
            "[aliases]\nrecorded=\"d.example/cached\"\n[[registry]]\nlocation=\"r.example\"\nblocked=true"
        );

        RegistriesConfig config = Load();

        Assert.Equal("docker.io/library/one:latest", Resolved(config, "image"));
        Assert.Equal("quay.io/team/main:2", Resolved(config, "team/tool:2"));
        Assert.Equal("b.example/two:latest", Resolved(config, "both"));
        Assert.Equal("d.example/cached:latest", Resolved(config, "recorded"));
        Assert.Equal("s.example/gone:latest", Resolved(config, "gone"));
        Assert.Equal("s.example/empty:latest", Resolved(config, "empty"));
        Assert.False(config.For(ImageReference.Parse("r.example/x")).Blocked);
    }

    /// <summary>find-registry.conf with registries.conf.d: which table decides.</summary>
    [Theory]
    [InlineData("simple.example/foo/bar", "registry.example:5000/foo/bar")]
    [InlineData("a.so.simple.example/x", "sub.example/x")]
    [InlineData("not.quite.simple.example/x", "sub-2.example/x")]
    [InlineData("not.quite.simple.example:5000/with/path", "sub-2.example:5000/with/path")]
    [InlineData("really.not.quite.simple.example/x", "dropped-in.example/x")]
    [InlineData("a.hub.example/x", "sub-2.example/x")]
    [InlineData("a.bar.hub.example/x", "sub-4.example/x")]
    [InlineData("foo.bar.deep.example:5000/x", "sub-5.example/x")]
    [InlineData("foo.bar.deep.example:6000/x", "dropped-in-3.example:6000/x")]
    [InlineData("simple.examplex/x", "simple.examplex/x")]
    [InlineData("complex.example:4000/with/path/and/beyond", "another.example:5000/and/beyond")]
    [InlineData("complex.example:4000/with/pathology", "complex.example:4000/with/pathology")]
    [InlineData("no-prefix.example/x", "no-prefix.example/x")]
    [InlineData("empty-prefix.example/x", "empty-prefix.example/x")]
    [InlineData("a.b.net/x", "a.b.net/x")]
    public void The_longest_prefix_of_all_files_decides(string image, string expected)
    {
        Write(
            "registries.conf",
            Table("simple.example", "registry.example:5000")
                + Table("complex.example:4000/with/path", "another.example:5000")
                + Table(null, "no-prefix.example")
                + Table("", "empty-prefix.example")
                + Table("*.so.simple.example", "sub.example")
                + Table("*.simple.example", "sub-2.example")
                + Table("*.not.quite.simple.example", "sub-1.example")
                + Table("*.hub.example", "sub-2.example")
                + Table("*.bar.deep.example", "sub-3.example")
                + Table("*.bar.hub.example", "sub-4.example")
                + Table("foo.bar.deep.example:5000", "sub-5.example")
                + Table("*.net", null)
        );
        Write("registries.conf.d/1.conf", Table("*.not.quite.simple.example", "dropped-in.example"));
        Write("registries.conf.d/2.conf", Table("*.hub.exemple", "dropped-in-2.example"));
        Write("registries.conf.d/3.conf", Table("*.bar.deep.example", "dropped-in-3.example"));

        Assert.Equal(
            expected + ":1",
            Assert.Single(Load().For(ImageReference.Parse(image + ":1")).Endpoints).Reference.Identity
        );
    }

    /// <summary>pull-sources-from-reference.conf: which mirrors serve a tag, and which a digest.</summary>
    [Theory]
    [InlineData("", "", "", "m1 m2 r", "m1 m2 r")]
    [InlineData("mirror-by-digest-only=true", "", "", "r", "m1 m2 r")]
    [InlineData("", "digest-only", "digest-only", "r", "m1 m2 r")]
    [InlineData("", "", "digest-only", "m1 r", "m1 m2 r")]
    [InlineData("", "tag-only", "tag-only", "m1 m2 r", "r")]
    [InlineData("", "", "tag-only", "m1 m2 r", "m1 r")]
    [InlineData("", "digest-only", "tag-only", "m2 r", "m1 r")]
    [InlineData("", "all", "all", "m1 m2 r", "m1 m2 r")]
    public void Mirrors_serve_what_they_are_for(
        string whole,
        string first,
        string second,
        string byTag,
        string byDigest
    )
    {
        Write(
            "registries.conf",
            $"[[registry]]\nprefix=\"p.example/foo\"\nlocation=\"r/bar\"\n{whole}\n[[registry.mirror]]\nlocation=\"m1\"\npull-from-mirror=\"{first}\"\n"
                .Replace("\"r/bar\"", "\"r.example/bar\"", StringComparison.Ordinal)
                .Replace("\"m1\"", "\"m1.example\"", StringComparison.Ordinal)
                + $"[[registry.mirror]]\nlocation=\"m2.example\"\ninsecure=true\npull-from-mirror=\"{second}\""
        );
        RegistriesConfig config = Load();

        Assert.Equal(byTag, Places(":tag"));
        Assert.Equal(byDigest, Places(Digest));
        Assert.All(
            config.For(ImageReference.Parse("p.example/foo/image" + Digest)).Endpoints,
            e => Assert.Equal(e.Reference.Registry == "m2.example", e.Insecure)
        );

        string Places(string suffix) =>
            string.Join(
                ' ',
                config
                    .For(ImageReference.Parse("p.example/foo/image" + suffix))
                    .Endpoints.Select(e =>
                    {
                        string host = e.Reference.Registry.Split('.')[0];
                        Assert.Equal(
                            $"{host}.example{(host == "r" ? "/bar" : "")}/image{suffix}",
                            e.Reference.Identity
                        );
                        return host;
                    })
            );
    }

    [Fact]
    public void A_drop_in_blocks_what_the_file_allows_and_replaces_its_lists()
    {
        Write(
            "registries.conf",
            "unqualified-search-registries=[\"s.example///\"]\ncredential-helpers=[\"one\",\"two\"]\n"
                + Table(null, "base.example")
        );
        Assert.Equal(["one", "two"], Load().CredentialHelpers);
        Assert.Equal("s.example/x:latest", Resolved(Load(), "x"));

        Write(
            "registries.conf.d/1.conf",
            "credential-helpers=[\"three\"]\n[[registry]]\nlocation=\"base.example\"\nblocked=true"
        );
        Assert.True(Load().For(ImageReference.Parse("base.example/x")).Blocked);
        Assert.Equal(["three"], Load().CredentialHelpers);

        Write("registries.conf.d/2.conf", "# nothing");
        Assert.Equal("s.example/x:latest", Resolved(Load(), "x"));

        Write("registries.conf.d/3.conf", "credential-helpers=[]\nunqualified-search-registries=[]");
        Assert.Equal(["containers-auth.json"], Load().CredentialHelpers);
        Assert.Throws<SysctrException>(() => Load().Resolve("x"));
    }

    [Fact]
    public void Keys_are_read_in_any_case_and_names_of_aliases_in_theirs()
    {
        Write(
            "registries.conf",
            "Unqualified-Search-Registries=[\"s.example\"]\n[[Registry]]\nPrefix=\"p.example\"\nLOCATION=\"r.example\"\nBlocked=false\nInsecure=true\n"
                + "[[Registry.Mirror]]\nLocation=\"m.example\"\nPull-From-Mirror=\"tag-only\"\n[Aliases]\nimage=\"a.example/image\""
        );
        RegistriesConfig config = Load();

        Assert.Equal(
            ["m.example/x:1", "r.example/x:1"],
            config.For(ImageReference.Parse("p.example/x:1")).Endpoints.Select(e => e.Reference.Identity)
        );
        Assert.True(config.For(ImageReference.Parse("p.example/x" + Digest)).Endpoints[0].Insecure);
        Assert.Equal("a.example/image:latest", Resolved(config, "image"));
        Assert.Empty(config.Notes);
    }

    [Theory]
    [InlineData("[[registry]]\nlocation=\"r.example\"\nbloked=true", "bloked of r.example")]
    [InlineData(
        "[[registry]]\nlocation=\"r.example\"\n[[registry.mirror]]\nlocation=\"m.example\"\nmirror-by-digest-only=true",
        "mirror-by-digest-only of the mirror m.example"
    )]
    [InlineData("short-name=\"enforcing\"", "says short-name,")]
    [InlineData(
        "additional-layer-store-auth-helper=\"helper\"",
        "additional-layer-store-auth-helper, which has no effect"
    )]
    [InlineData(
        "[[registry]]\nprefix=\"p.example\"\nlocation=\"r.example\"\n[[registry]]\nprefix=\"p.example\"\nlocation=\"other.example\"",
        "the first one counts"
    )]
    public void What_has_no_effect_is_said(string text, string note)
    {
        Write("registries.conf", text);

        Assert.Contains(note, Assert.Single(Load().Notes), StringComparison.Ordinal);
    }

    /// <summary>containers-registries.conf(5): one main file, drop-ins of all directories, and of two of one name the
    /// user's.</summary>
    [Fact]
    public void A_users_drop_in_stands_in_place_of_the_hosts_of_its_name()
    {
        Write("user/10-a.conf", "[aliases]\none=\"user.example/one\"");
        Write("host/10-a.conf", "[aliases]\none=\"host.example/one\"\ntwo=\"host.example/two\"");
        Write("host/05-b.conf", "[aliases]\none=\"early.example/one\"\nthree=\"host.example/three\"");
        Write("last.conf", "[aliases]\nthree=\"last.example/three\"");
        RegistriesConfig config = RegistriesConfig.Load(
            new RegistriesConfPaths(In("none"), In("user"), ShortNameCache: null)
            {
                Weaker = [In("missing"), In("host")],
                Last = In("last.conf"),
            }
        );

        Assert.Equal("user.example/one:latest", Resolved(config, "one"));
        Assert.Throws<SysctrException>(() => config.Resolve("two"));
        Assert.Equal("last.example/three:latest", Resolved(config, "three"));
    }

    [Fact]
    public void The_files_are_those_of_the_man_page()
    {
        Write("config/containers/registries.conf", "");
        RegistriesConfPaths own = RegistriesConfPaths.Of(user: null, Environment("XDG_CONFIG_HOME=" + In("config")));
        RegistriesConfPaths named = RegistriesConfPaths.Of(
            user: null,
            Environment("CONTAINERS_REGISTRIES_CONF=/named.conf CONTAINERS_REGISTRIES_CONF_OVERRIDE=/last.conf")
        );

        Assert.Equal(In("config/containers/registries.conf"), own.Main);
        Assert.Equal(In("config/containers/registries.conf.d"), own.DropIns);
        Assert.Contains("/etc/containers/registries.conf.d", own.Weaker);
        Assert.Equal("/usr/share/containers/registries.conf.d", own.Weaker[^1]);
        Assert.False(own.MainIsRequired);
        Assert.Equal(
            ("/named.conf", 0, true, "/last.conf"),
            (named.Main, named.Directories.Count(), named.MainIsRequired, named.Last)
        );

        static Func<string, string?> Environment(string variables) =>
            variables
                .Split(' ')
                .Select(v => v.Split('='))
                .ToDictionary(v => v[0], v => v[1], StringComparer.Ordinal)
                .GetValueOrDefault;
    }

    private static string Table(string? prefix, string? location) =>
        "[[registry]]\n"
        + (prefix is null ? "" : $"prefix = \"{prefix}\"\n")
        + (location is null ? "" : $"location = \"{location}\"\n");

    private static string Resolved(RegistriesConfig config, string name) =>
        Assert.Single(config.Resolve(name)).Identity;

    private RegistriesConfig Load() =>
        RegistriesConfig.Load(
            new RegistriesConfPaths(In("registries.conf"), In("registries.conf.d"), In("cache.conf"))
        );

    private string In(string name) => Path.Combine(_directory, name);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllText(In(name), text);
    }
}
