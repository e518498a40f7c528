// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Pull.Trust;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Trust;
using Xunit;

namespace SystemContainers.Tests.Trust;

/// <summary>Rules written to the files of a system below a directory, and taken away again.</summary>
[Trait("needs", "root")]
public sealed class TrustTests : IDisposable
{
    private const string Before = """
        {
          "default": [{"type": "reject"}],
          "transports": {
            "docker": {"quay.io/x": [{"type": "signedBy", "keyType": "GPGKeys", "keyData": "AAAA"}], "": [{"type": "reject"}]},
            "docker-daemon": {"": [{"type": "insecureAcceptAnything"}]}
          }
        }
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-trust-").FullName;
    private readonly ConcurrentQueue<string> _notes = [];

    public TrustTests()
    {
        foreach (string directory in (string[])["etc/containers", "var/lib", "run", "keys"])
        {
            Directory.CreateDirectory(Path.Combine(_root, directory));
        }

        File.WriteAllBytes(In("keys/a.gpg"), new OpenPgpSigner().Keyring);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(In("keys/a.pem"), key.ExportSubjectPublicKeyInfoPem());
        File.WriteAllText(In("keys/none"), "no key");
    }

    private string Policy => In("etc/containers/policy.json");

    private string Places => In("etc/containers/registries.d");

    public void Dispose() => TreeRemoval.Remove(_root);

    [Fact]
    public void A_host_without_a_file_begins_with_one_that_accepts()
    {
        Set("quay.io/team", new TrustRequest { Type = "reject" });

        JsonNode written = JsonNode.Parse(File.ReadAllText(Policy))!;
        Assert.Equal("""[{"type":"insecureAcceptAnything"}]""", written["default"]!.ToJsonString());
        Assert.Equal("""[{"type":"reject"}]""", written["transports"]!["docker"]!["quay.io/team"]!.ToJsonString());
        Assert.Equal("-rw-r--r--", Mode(Policy));
    }

    [Fact]
    public void What_a_package_ships_is_what_it_begins_with()
    {
        Directory.CreateDirectory(In("usr/share/containers"));
        File.WriteAllText(In("usr/share/containers/policy.json"), Before);

        Set("quay.io/team", new TrustRequest { Type = "accept" });

        Assert.Equal("""[{"type":"reject"}]""", JsonNode.Parse(File.ReadAllText(Policy))!["default"]!.ToJsonString());
        Assert.Equal(Before, File.ReadAllText(In("usr/share/containers/policy.json")));
    }

    /// <summary>All else stays, the file's link and mode too.</summary>
    [Fact]
    public void One_rule_is_changed_and_taken_away_again()
    {
        Directory.CreateDirectory(In("etc/real"));
        File.WriteAllText(In("etc/real/policy.json"), Before);
        File.SetUnixFileMode(In("etc/real/policy.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(Policy, "../real/policy.json");

        Set(
            "quay.io/team",
            new TrustRequest
            {
                Type = "signedBy",
                Keys = ["/keys/a.gpg"],
                Identity = "remapIdentity=mirror.example.com,quay.io",
            },
            "https://signatures.example.com/it's"
        );

        Assert.Equal("../real/policy.json", new FileInfo(Policy).LinkTarget);
        Assert.Equal("-rw-------", Mode(In("etc/real/policy.json")));
        JsonNode after = JsonNode.Parse(File.ReadAllText(Policy))!;
        Assert.Equal(
            $$$"""[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/keys/a.gpg","signedIdentity":{"type":"remapIdentity","prefix":"mirror.example.com","signedPrefix":"quay.io"}}]""",
            after["transports"]!["docker"]!["quay.io/team"]!.ToJsonString()
        );
        SignatureStorage storage = SignatureStorage.Load([Places], "file:///none");
        Assert.Equal(
            "https://signatures.example.com/it's",
            storage.Lookaside(SystemContainers.Reference.ImageReference.Parse("quay.io/team/app:1")).Url
        );
        after["transports"]!["docker"]!.AsObject().Remove("quay.io/team");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Before), after));

        Delete("quay.io/team");

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Before), JsonNode.Parse(File.ReadAllText(Policy))));
        Assert.Empty(Directory.GetFiles(Places));
    }

    [Fact]
    public void Signatures_of_sigstore_are_looked_for_from_then_on()
    {
        Set(
            "*.example.com",
            new TrustRequest
            {
                Type = "sigstoreSigned",
                Keys = ["/keys/a.pem"],
                Identity = "matchRepository",
            }
        );
        Set("default", new TrustRequest { Type = "sigstoreSigned", Keys = ["/keys/a.pem", "/keys/a.pem"] });

        SignatureStorage storage = SignatureStorage.Load([Places], "file:///none");
        Assert.True(
            storage.UsesAttachments(SystemContainers.Reference.ImageReference.Parse("reg.example.com/team/app:1"))
        );
        Assert.True(storage.UsesAttachments(SystemContainers.Reference.ImageReference.Parse("elsewhere.org/app:1")));
        string[] files = Directory.GetFiles(Places);
        Assert.Equal(2, files.Length);

        // Said once, it is not said again.
        Set("reg.other.org", new TrustRequest { Type = "sigstoreSigned", Keys = ["/keys/a.pem"] });
        Assert.Equal(3, Directory.GetFiles(Places).Length + (storage.AttachmentsOf("reg.other.org") ? 1 : 0));
        IReadOnlyList<TrustReport> shown = Show();
        Assert.Equal(["default", "docker", "docker"], shown.Select(r => r.Transport));
        Assert.Equal(
            "sigstoreSigned /keys/a.pem for matchRepository",
            Assert.Single(shown.Single(r => r.Scope == "*.example.com").Requirements)
        );
        Assert.All(shown, r => Assert.True(r.Attachments));
    }

    [Fact]
    public void A_scope_of_another_file_is_left_to_that()
    {
        Directory.CreateDirectory(Places);
        File.WriteAllText(Places + "/theirs.yaml", "docker:\n  quay.io/team:\n    lookaside: https://x\n");

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            Set("quay.io/team", new TrustRequest { Type = "sigstoreSigned", Keys = ["/keys/a.pem"] })
        );

        Assert.Equal(ErrorKind.Conflict, refused.Kind);
        Assert.Contains("use-sigstore-attachments: true", refused.Hint, StringComparison.Ordinal);
        Assert.False(File.Exists(Policy));
    }

    [Theory]
    [InlineData("quay.io/x", "signedBy", "", ErrorKind.Usage, "needs a key")]
    [InlineData("quay.io/x", "signedBy", "keys/none", ErrorKind.Policy, "no public key of OpenPGP")]
    [InlineData("quay.io/x", "signedBy", "keys/a.pem", ErrorKind.Policy, "no public key of OpenPGP")]
    [InlineData("quay.io/x", "signedBy", "keys/missing", ErrorKind.Policy, "there is no such file")]
    [InlineData("quay.io/x", "sigstoreSigned", "keys/a.gpg", ErrorKind.Policy, "")]
    [InlineData("quay.io/x", "sigstoreSigned", "", ErrorKind.Policy, "exactly one of")]
    [InlineData("quay.io/x", "accept", "keys/a.gpg", ErrorKind.Usage, "takes no keys")]
    [InlineData("quay.io/x", "signed", "", ErrorKind.Usage, "there is no type")]
    [InlineData("quay.io/*", "reject", "", ErrorKind.Usage, "a wildcard is")]
    [InlineData("busybox", "reject", "", ErrorKind.Usage, "a short name")]
    [InlineData("https://quay.io", "reject", "", ErrorKind.Usage, "without a scheme")]
    public void What_nobody_could_meet_is_not_written(string scope, string type, string key, ErrorKind kind, string why)
    {
        File.WriteAllText(Policy, Before);

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            Set(scope, new TrustRequest { Type = type, Keys = key.Length > 0 ? ["/" + key] : [] })
        );

        Assert.Equal(kind, refused.Kind);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Equal(Before, File.ReadAllText(Policy));
        Assert.False(Directory.Exists(Places));
    }

    [Fact]
    public void What_was_said_of_signatures_stays_and_another_transport_s_scope_is_another()
    {
        Set(
            "reg.example.com/team",
            new TrustRequest { Type = "signedBy", Keys = ["/keys/a.gpg"] },
            "https://signatures.example.com"
        );
        Set("reg.example.com/team", new TrustRequest { Type = "sigstoreSigned", Keys = ["/keys/a.pem"] });
        using (Host host = Host.Open(_root, _notes.Enqueue))
        {
            TrustOperation operation = new(host, _notes.Enqueue);
            operation.Set(
                TrustScope.Parse("reg.example.com/team", "docker-daemon"),
                new TrustRequest { Type = "sigstoreSigned", Keys = ["/keys/a.pem"] },
                null
            );
            operation.Delete(TrustScope.Parse("reg.example.com/team", "docker-daemon"));
        }

        SignatureStorage storage = SignatureStorage.Load([Places], "file:///none");
        SystemContainers.Reference.ImageReference image = SystemContainers.Reference.ImageReference.Parse(
            "reg.example.com/team/app:1"
        );
        Assert.Equal(
            ("https://signatures.example.com", true),
            (storage.Lookaside(image).Url, storage.UsesAttachments(image))
        );
    }

    [Fact]
    public void What_is_refused_leaves_not_even_a_directory()
    {
        Directory.Delete(In("etc/containers"));

        Assert.Throws<SysctrException>(() => Set("quay.io/x", new TrustRequest { Type = "signedBy" }));

        Assert.False(Directory.Exists(In("etc/containers")));
    }

    /// <summary>What counts is what is shown and changed.</summary>
    [Fact]
    public void Where_root_has_files_of_its_own_they_are_changed()
    {
        string own = In("root/.config/containers");
        Directory.CreateDirectory(Path.Combine(own, "registries.d"));
        File.WriteAllText(Path.Combine(own, "policy.json"), Before);

        Set("quay.io/team", new TrustRequest { Type = "sigstoreSigned", Keys = ["/keys/a.pem"] });

        Assert.Contains("quay.io/team", File.ReadAllText(Path.Combine(own, "policy.json")), StringComparison.Ordinal);
        Assert.False(File.Exists(Policy));
        string place = Assert.Single(Directory.GetFiles(Path.Combine(own, "registries.d")));
        Assert.False(Directory.Exists(Places));
        using (Host host = Host.Open(_root, _notes.Enqueue))
        {
            TrustReport rule = Assert.Single(
                new TrustOperation(host, _notes.Enqueue).Show(),
                r => r.Scope == "quay.io/team"
            );
            Assert.Equal((Path.Combine(own, "policy.json"), true), (rule.File, rule.Attachments));
        }

        Delete("quay.io/team");
        Assert.DoesNotContain(
            "quay.io/team",
            File.ReadAllText(Path.Combine(own, "policy.json")),
            StringComparison.Ordinal
        );
        Assert.False(File.Exists(place));
    }

    /// <summary>A rule that is weaker than what was typed is no rule.</summary>
    [Fact]
    public void An_option_that_says_nothing_is_refused()
    {
        foreach (
            TrustRequest request in (TrustRequest[])
                [
                    new()
                    {
                        Type = "sigstoreSigned",
                        Keys = ["/keys/a.pem"],
                        SubjectEmail = "a@example.com",
                    },
                    new()
                    {
                        Type = "sigstoreSigned",
                        Keys = ["/keys/a.pem"],
                        SubjectHostname = "example.com",
                    },
                    new()
                    {
                        Type = "sigstoreSigned",
                        Keys = ["/keys/a.pem"],
                        PkiIntermediates = "/keys/a.pem",
                    },
                    new()
                    {
                        Type = "signedBy",
                        Keys = ["/keys/a.gpg"],
                        RekorKeys = ["/keys/a.pem"],
                    },
                ]
        )
        {
            Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => Set("quay.io/x", request)).Kind);
        }
    }

    [Fact]
    public async Task Of_several_at_once_none_is_lost()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i => Task.Run(() => Set($"quay.io/team{i}", new TrustRequest { Type = "reject" })))
        );

        Assert.Equal(8, JsonNode.Parse(File.ReadAllText(Policy))!["transports"]!["docker"]!.AsObject().Count);
    }

    [Fact]
    public void What_can_not_be_read_is_not_changed()
    {
        File.WriteAllText(
            Policy,
            """{"default": [{"type": "reject"}], "default": [{"type": "insecureAcceptAnything"}]}"""
        );
        string before = File.ReadAllText(Policy);

        Assert.Equal(
            ErrorKind.Policy,
            Assert.Throws<SysctrException>(() => Set("quay.io/x", new TrustRequest { Type = "reject" })).Kind
        );
        Assert.Equal(ErrorKind.Policy, Assert.Throws<SysctrException>(() => Delete("quay.io/x")).Kind);
        Assert.Equal(before, File.ReadAllText(Policy));
    }

    [Fact]
    public void A_default_has_to_be_and_what_is_not_there_can_not_be_deleted()
    {
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => Delete("default")).Kind);
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SysctrException>(() => Delete("quay.io/none")).Kind);
    }

    [Theory]
    [InlineData("oci", "/srv/images", true)]
    [InlineData("oci", "relative", false)]
    [InlineData("dir", "/srv", true)]
    [InlineData("docker-archive", "*", true)]
    [InlineData("docker-archive", "x", false)]
    public void Scopes_of_other_transports_are_theirs(string transport, string scope, bool right)
    {
        if (right)
        {
            TrustScope read = TrustScope.Parse(scope, transport);
            Assert.Equal((transport, scope == "*" ? "" : scope), (read.Transport, read.Scope));
        }
        else
        {
            Assert.Equal(
                ErrorKind.Usage,
                Assert.Throws<SysctrException>(() => TrustScope.Parse(scope, transport)).Kind
            );
        }
    }

    [Theory]
    [InlineData("quay.io/x/app:1", "quay.io/x", null)]
    [InlineData("quay.io/y:1", "all of docker:", false)]
    [InlineData("docker-daemon:docker.io/library/a:1", "all of docker-daemon:", true)]
    [InlineData("oci:/srv/a:1", "default", false)]
    public async Task The_rule_that_decides_is_told_without_pulling(string image, string rule, bool? accepted)
    {
        File.WriteAllText(Policy, Before);

        TrustVerdict verdict = await WithAsync(o =>
            o.TestAsync(image, offline: true, TestContext.Current.CancellationToken)
        );

        Assert.Contains(verdict.Rules, r => r.File == Policy && r.Scope == rule);
        Assert.Equal(accepted, verdict.Accepted);
        Assert.Equal(accepted == false, verdict.Reason is not null);
    }

    private static string Mode(string file)
    {
        UnixFileMode mode = File.GetUnixFileMode(file);
        return "-"
            + string.Concat(Enumerable.Range(0, 9).Select(i => ((int)mode & (0x100 >> i)) != 0 ? "rwx"[i % 3] : '-'));
    }

    private string In(string path) => Path.Combine(_root, path);

    private void Set(string scope, TrustRequest request, string? lookaside = null)
    {
        using Host host = Host.Open(_root, _notes.Enqueue);
        new TrustOperation(host, _notes.Enqueue).Set(TrustScope.Parse(scope, null), request, lookaside);
    }

    private void Delete(string scope)
    {
        using Host host = Host.Open(_root, _notes.Enqueue);
        new TrustOperation(host, _notes.Enqueue).Delete(TrustScope.Parse(scope, null));
    }

    private TrustReport[] Show()
    {
        using Host host = Host.Open(_root, _notes.Enqueue);
        return [.. new TrustOperation(host, _notes.Enqueue).Show().Where(r => r.File == Policy)];
    }

    private async Task<TrustVerdict> WithAsync(Func<TrustOperation, Task<TrustVerdict>> use)
    {
        using Host host = Host.Open(_root, _notes.Enqueue);
        return await use(new TrustOperation(host, _notes.Enqueue));
    }
}
