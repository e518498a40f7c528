// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Render.Spec;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.Tests.Fuzz.Targets;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Fuzz;

/// <summary>What an administrator writes, and the records that sysctr keeps: disks and editors change those,
/// too.</summary>
[Trait("needs", "time")]
public sealed class HostFuzzTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-fuzz-").FullName;

    private string Document => Path.Join(_directory, "document");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Auth_json() =>
        Verdict.AllAsync(
            JsonMutations.Of(
                """{"auths":{"quay.io/team":{"auth":"bWU6cGFzcw==","username":"me","password":"p","identitytoken":"t"},"https://quay.io/v1/":{"auth":"bWU6cGFzcw=="},"a.example":{}},"credHelpers":{"quay.io":"no-such-helper"},"credsStore":"none"}"""
            ),
            async bytes =>
            {
                File.WriteAllBytes(Document, bytes);
                foreach (string image in new[] { "quay.io/team/x", "a.example/x", "docker.io/x" })
                {
                    _ = (
                        await new CredentialStore([Document]).FindAsync(
                            ImageReference.Parse(image),
                            TestContext.Current.CancellationToken
                        )
                    )?.Basic;
                }
            }
        );

    [Fact]
    public Task Policy_json() =>
        Verdict.AllAsync(
            JsonMutations.Of(
                """{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"quay.io":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","signedIdentity":{"type":"matchExact"}}]},"oci":{"/x":[{"type":"reject"}]}}}"""
            ),
            bytes =>
            {
                File.WriteAllBytes(Document, bytes);
                SignaturePolicy policy = SignaturePolicy.Load(Document);
                policy.Check(ImageReference.Parse("a.example/x"));
                policy.Check(ImageReference.Parse("oci:/y"));
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task Registries_conf() =>
        Verdict.AllAsync(
            FuzzTargets.RegistriesConf.Seeds.SelectMany(s => TextMutations.Of(Encoding.UTF8.GetString(s))),
            text =>
            {
                FuzzTargets.RegistriesConf.Read(Encoding.UTF8.GetBytes(text));
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task Sysctr_toml() =>
        Verdict.AllAsync(
            TextMutations.Of(
                """
                runtime = "crun"
                settle = 2.5
                keep = 3
                min-free-space = "5%"
                lock = "etcd:127.0.0.1:2379/k?slots=2"
                [etcd]
                cacert = "/ca"
                cert = "/c"
                key = "/k"
                user = "me:pass"
                [[rights]]
                prefix = "quay.io/team"
                allow = ["program"]
                forbid = ["device"]
                """
            ),
            text =>
            {
                Directory.CreateDirectory(Path.Join(_directory, "etc/sysctr"));
                File.WriteAllBytes(Path.Join(_directory, "etc/sysctr/sysctr.toml"), Encoding.UTF8.GetBytes(text));
                _ = SysctrConfiguration.Load(new HostPaths(_directory)).EtcdOver(_ => null);
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task Seccomp_json() =>
        Verdict.AllAsync(
            JsonMutations.Of(
                """
                {"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":["SCMP_ARCH_X86_64"],"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],
                 "syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","errnoRet":1,"args":[{"index":0,"value":1,"valueTwo":2,"op":"SCMP_CMP_EQ"}],"includes":{"arches":["amd64"],"caps":["CAP_CHOWN"],"minKernel":"4.8"},"excludes":{"caps":["CAP_SYS_ADMIN"]}},{"name":"write","action":"SCMP_ACT_ALLOW"}]}
                """
            ),
            bytes =>
            {
                TestImage image = new TestImage().File("/usr/bin/etcd", "");
                RenderRequest request = RenderRequests.For(image);
                _ = ContainerRenderer.Render(
                    request with
                    {
                        Host = request.Host with
                        {
                            SeccompProfile = new SeccompFile("/etc/containers/seccomp.json", bytes),
                        },
                    }
                );
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task The_stores_format() =>
        Verdict.AllAsync(
            JsonMutations.Of("""{"version":1,"compatible":["x"],"readOnlyCompatible":[],"incompatible":[]}"""),
            bytes =>
            {
                File.WriteAllBytes(Path.Join(_directory, "meta.json"), bytes);
                StoreFormat.Check(_directory);
                return Task.CompletedTask;
            }
        );

    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Container = $$$"""
        {"name":"etcd","deployment":0,"installedAt":"2026-01-01T00:00:00Z","image":"docker://a.example/x:1","manifestDigest":"{{{Sha}}}","imageId":"{{{Sha}}}","diffIds":["{{{Sha}}}"],"configDigest":"{{{Sha}}}",
         "runtime":"/usr/bin/crun","set":{"A":"b"},"values":{"A":"b"},"units":[{"path":"/etc/systemd/system/etcd.service","sha256":"{{{Sha}}}"}],"enabled":["etcd.service"],
         "tmpfiles":{"path":"/etc/tmpfiles.d/etcd.conf","sha256":"{{{Sha}}}"},"hostFiles":[{"path":"/usr/local/bin/x","sha256":"{{{Sha}}}"}],"hostDirectories":[],"withoutHostFiles":false,
         "stateDirectories":["/var/lib/etcd"],"pinned":false,"autoUpdate":"Disabled","rights":[{"class":"program","detail":"/x"}],"grants":["program"],"labels":{"a":"b"}}
        """;

    [Fact]
    public Task A_containers_record() =>
        Verdict.AllAsync(
            JsonMutations.Of(Container, share: 3),
            bytes =>
            {
                string place = Path.Join(_directory, "deployments/etcd/0");
                Directory.CreateDirectory(place);
                File.WriteAllBytes(Path.Join(place, "info.json"), bytes);
                ContainerRecord record = ContainerCatalog.Read(Path.Join(place, "info.json"), "etcd", 0)!;
                _ =
                    $"{record.MainUnit} {string.Join(' ', record.RunnableUnits)} {string.Join(' ', record.StartedUnits)} {string.Join(' ', record.AllFiles.Select(f => f.Path + f.Sha256))}";
                _ =
                    $"{string.Join(' ', record.Labels.Select(l => l.Value.Length))} {string.Join(' ', record.Set.Select(l => l.Value.Length))} {string.Join(' ', record.Values.Select(l => l.Value.Length))}";
                _ =
                    $"{record.AsImage().Reference.Length} {record.Runtime.Length} {string.Join(' ', record.Grants.Select(g => g.Length))} {string.Join(' ', (record.Rights ?? []).Select(r => r.Class.Length + r.Detail.Length))}";
                _ =
                    $"{string.Join(' ', record.StateDirectories.Select(d => d.Length))} {string.Join(' ', record.Enabled.Select(d => d.Length))} {record.ManifestDigest.Hex} {record.ConfigDigest?.Hex}";
                _ = ImageReference.Parse(record.Image);
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task An_intent_record() =>
        Verdict.AllAsync(
            JsonMutations.Of(
                $$"""{"operation":"Update","changes":[{"before":{{Container}},"after":{{Container.Replace("\"deployment\":0", "\"deployment\":1", StringComparison.Ordinal)}},"running":["etcd.service"],"dependents":[],"edited":[],"newState":[]}],"purge":false}""",
                share: 7
            ),
            bytes =>
            {
                File.WriteAllBytes(Document, bytes);
                TransactionRecord record = IntentRecords.Read(Document).Record;
                _ =
                    $"{record.Verb} {string.Join(' ', record.Names)} {string.Join(' ', record.Changes.SelectMany(c => c.Running).Select(r => r.Length))}";
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task A_ref() =>
        Verdict.AllAsync(
            JsonMutations.Of(
                $$"""{"reference":"docker://a.example/x:1","manifestDigest":"{{Sha}}","configDigest":"{{Sha}}","diffIds":["{{Sha}}"],"pulledAt":"2026-01-01T00:00:00Z"}"""
            ),
            bytes =>
            {
                File.WriteAllBytes(Document, bytes);
                ImageRecord record = ImageRefs.Read(Document);
                _ = ImageReference.Parse(record.Reference);
                _ =
                    $"{record.ManifestDigest.Hex} {record.ConfigDigest.Hex} {string.Join(' ', record.DiffIds.Select(d => d.Hex))}";
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task Subordinate_ids() =>
        Verdict.AllAsync(
            TextMutations.Of("me:100000:65536\n1000:200000:10\n").Append(("unreadable", null!)),
            text =>
            {
                // Lines that can't be read are nobody's: nothing is refused.
                _ = text is null
                    ? throw new SysctrException(ErrorKind.Failed, "nothing to read")
                    : SubordinateIds.Parse(text, "me", 1000);
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task Users_of_an_image() =>
        Verdict.AllAsync(
            TextMutations.Of("root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:2:d:/:/bin/sh\n").Select(m => (m.What, m.Text)),
            text =>
            {
                foreach (string user in new[] { "daemon", "daemon:wheel", "1", "1:wheel" })
                {
                    _ = ImageUser.Find(
                        user,
                        new TestImage()
                            .File("/etc/passwd", text)
                            .File("/etc/group", text.Replace("daemon", "wheel", StringComparison.Ordinal))
                    );
                }

                return Task.CompletedTask;
            }
        );
}
