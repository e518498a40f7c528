// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Reference;

/// <summary>One registries.conf given to skopeo and to us: where is an image asked for, and in which order; which files
/// are refused.</summary>
[Trait("needs", "programs")]
public sealed class RegistriesOracleTests : IDisposable
{
    private const string Digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly FakeRegistry _registry = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-oracle-").FullName;

    // Nothing is there, so that every place is asked.
    public RegistriesOracleTests() =>
        _registry.Misbehave = static r =>
            r.Path == "/v2/" ? new FakeResponse() : FakeRegistry.Error(404, "MANIFEST_UNKNOWN", "unknown");

    private string ConfPath => Path.Combine(_directory, "registries.conf");

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task An_image_is_asked_for_where_skopeo_asks_for_it()
    {
        File.WriteAllText(
            ConfPath,
            Table("plain.example", "plain", "")
                + Table("plain.example/deep/er", "deeper", "")
                + Table("port.example:5000", "port", "")
                + Table("*.wild.example", "wild", "")
                + Table("*.more.wild.example", "more", "")
                + Table("docker.io/library", "hub", "")
                + $"[[registry]]\nlocation = \"{_registry.Host}/bad\"\nblocked = true\n"
                + Table("led.example", "bad/there", "")
                + Table("partly.example", "partly", "", Mirror("bad/mirror", "") + Mirror("p2", ""))
                + Table("all.example", "all", "", Mirror("a1", "") + Mirror("a2", "all"))
                + Table(
                    "mix.example",
                    "mix",
                    "",
                    Mirror("m1", "digest-only") + Mirror("m2", "tag-only") + Mirror("m3", "")
                )
                + Table(
                    "whole.example",
                    "whole",
                    "mirror-by-digest-only = true",
                    Mirror("w1", "") + Mirror("w2/deep", "")
                )
        );
        string[] images =
        [
            "plain.example/x",
            "plain.example/x/y/z",
            "plain.example/deep/er",
            "plain.example/deep/er/x",
            "plain.example/deep/erx",
            "plain.example/deep",
            "port.example:5000/x",
            "a.wild.example/x",
            "a.b.wild.example/x",
            "a.more.wild.example/x",
            "more.wild.example/x",
            "docker.io/x",
            "docker.io/library/x/y",
            $"{_registry.Host}/bad/x",
            $"{_registry.Host}/bad/y/z",
            "led.example/x",
            "partly.example/x",
            "all.example/x",
            "mix.example/x",
            "whole.example/x",
            "whole.example/deep/x",
        ];
        List<string> different = [];
        int asked = 0;
        foreach (string image in images.SelectMany(i => new[] { i + ":1", i + ":2", i + Digest }))
        {
            string ours = Ours(image);
            if (ours.Length == 0)
            {
                continue;
            }

            asked++;
            string theirs = await SkopeoAsync(image);
            if (ours != theirs)
            {
                different.Add($"{image}: '{ours}', skopeo '{theirs}'");
            }
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        Assert.True(asked > 50, $"only {asked} lead to the registry");
    }

    [Fact]
    public async Task A_file_is_refused_where_skopeo_refuses_it()
    {
        string good = $"[[registry]]\nprefix=\"p.example\"\nlocation=\"{_registry.Host}/good\"\ninsecure=true\n";
        string[] files =
        [
            "",
            "PREFIX = 1\n",
            "unqualified-search-registries = \"s.example\"\n",
            "unqualified-search-registries = [1]\n",
            "unqualified-search-registries = [\"s.example\"]\n",
            "unqualified-search-registries = [\"s.example/x\"]\n",
            "unqualified-search-registries = [\"https://s.example\"]\n",
            "unqualified-search-registries = [\"s.example///\"]\n",
            "short-name-mode = \"\"\n",
            "short-name-mode = \"enforcing\"\n",
            "short-name-mode = \"Enforcing\"\n",
            "Short-Name-Mode = \"never\"\n",
            "credential-helpers = [\"containers-auth.json\"]\n",
            "credential-helpers = \"x\"\n",
            "[aliases]\na = \"q.example/a\"\n",
            "[aliases]\na = \"q.example/a:1\"\n",
            "[aliases]\na = \"a\"\n",
            "[aliases]\n\"q.example/a\" = \"q.example/a\"\n",
            "[aliases]\n\"a:1\" = \"q.example/a\"\n",
            "[aliases]\na = \"\"\n",
            "[aliases]\na = 1\n",
            "[aliases]\n\"A\" = \"q.example/a\"\n",
            "[[registry]]\ninsecure = true\n",
            "[[registry]]\nprefix = \"o.example\"\n",
            "[[registry]]\nprefix = \"*.o.example\"\n",
            "[[registry]]\nprefix = \"*.o.example/x\"\nlocation=\"o.example\"\n",
            "[[registry]]\nprefix = \"*.o.example:1\"\nlocation=\"o.example\"\n",
            "[[registry]]\nlocation = \"http://o.example\"\n",
            "[[registry]]\nlocation = \"o.example/\"\n",
            "[[registry]]\nlocation = 1\n",
            "[[registry]]\nlocation = \"o.example\"\nblocked = \"true\"\n",
            "[[registry]]\nLocation = \"o.example\"\nBLOCKED = true\n",
            "[registry]\nlocation = \"o.example\"\n",
            "[[registry]]\nlocation = \"o.example\"\n[[registry]]\nlocation = \"o.example\"\ninsecure = true\n",
            "[[registry]]\nlocation = \"o.example\"\n[[registry]]\nlocation = \"o.example\"\n",
            "[[registry]]\nprefix = \"o.example\"\nlocation = \"m.example\"\n[[registry]]\nprefix = \"n.example\"\nlocation = \"m.example\"\nblocked = true\n",
            "[[registry]]\nlocation = \"o.example\"\n[[registry.mirror]]\nlocation = \"\"\n",
            "[[registry]]\nlocation = \"o.example\"\n[[registry.mirror]]\nlocation = \"m.example\"\npull-from-mirror = \"none\"\n",
            "[[registry]]\nlocation = \"o.example\"\npull-from-mirror = \"all\"\n",
            "[[registry]]\nlocation = \"o.example\"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = \"m.example\"\npull-from-mirror = \"all\"\n",
            "unknown = 1\n",
            "[[registry]]\nlocation = \"o.example\"\nunknown = [1, 2]\n",
            "[unknown.table]\nx = 1\n",
            "= 1\n",
            "x = 1\nx = 2\n",
        ];
        List<string> different = [];
        int refused = 0;
        foreach (string file in files)
        {
            File.WriteAllText(
                ConfPath,
                file
                    + (
                        file.Contains("[registry]\n", StringComparison.Ordinal)
                        && !file.Contains("[[", StringComparison.Ordinal)
                            ? ""
                            : good
                    )
            );
            bool ours = !Loads();
            bool theirs = await SkopeoAsync("p.example/x:1") is not ("good/x:1" or "");
            refused += ours ? 1 : 0;
            if (ours != theirs)
            {
                different.Add($"{(ours ? "refused" : "taken")} here alone: {file}");
            }
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        Assert.InRange(refused, 15, files.Length - 15);
    }

    private bool Loads()
    {
        try
        {
            RegistriesConfig.Load(new RegistriesConfPaths(ConfPath, null, null));
            return true;
        }
        catch (SysctrException)
        {
            return false;
        }
    }

    /// <summary>The places below the registry in their order; none where the image leads elsewhere.</summary>
    private string Ours(string image)
    {
        RegistrySettings settings = RegistriesConfig
            .Load(new RegistriesConfPaths(ConfPath, null, null))
            .For(ImageReference.Parse(image));
        return settings.Blocked
            ? "blocked"
            : string.Join(
                ' ',
                settings
                    .Endpoints.Where(e => e.Reference.Registry == _registry.Host)
                    .Select(e => $"{e.Reference.Repository}:{e.Reference.Digest?.ToString() ?? e.Reference.Tag}")
            );
    }

    /// <summary>What skopeo asks the registry for; the reason where it asks for nothing.</summary>
    private async Task<string> SkopeoAsync(string image)
    {
        int before = _registry.Requests.Count;
        ProcessResult result = await ProcessRunner.RunAsync(
            "skopeo",
            ["--registries-conf", ConfPath, "inspect", "--raw", "--retry-times", "0", $"docker://{image}"],
            TestContext.Current.CancellationToken
        );
        string asked = string.Join(
            ' ',
            _registry
                .Requests.Skip(before)
                .Where(r => r.Path.Contains("/manifests/", StringComparison.Ordinal))
                .Select(r => r.Path["/v2/".Length..].Replace("/manifests/", ":", StringComparison.Ordinal))
        );
        return asked.Length > 0 ? asked
            : result.Error.Contains("is blocked in", StringComparison.Ordinal) ? "blocked"
            : result.Error.Contains("no such host", StringComparison.Ordinal) ? ""
            : result.Error;
    }

    private string Table(string prefix, string place, string more, string mirrors = "") =>
        $"[[registry]]\nprefix = \"{prefix}\"\nlocation = \"{_registry.Host}/{place}\"\ninsecure = true\n{more}\n{mirrors}";

    private string Mirror(string place, string use) =>
        $"[[registry.mirror]]\nlocation = \"{_registry.Host}/{place}\"\ninsecure = true\n"
        + (use.Length > 0 ? $"pull-from-mirror = \"{use}\"\n" : "");
}
