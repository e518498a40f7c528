// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Lint;
using SystemContainers.Lint.Json;
using SystemContainers.Linux.Users;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Reference;
using SystemContainers.Render;
using SystemContainers.Rights.Assessment;
using SystemContainers.Runtime;
using SystemContainers.SystemdText;
using SystemContainers.Templates;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Fuzz.Targets;
using SystemContainers.Tests.Render;
using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Fuzz;

/// <summary>What an image's author, or a registry, writes.</summary>
[Trait("needs", "time")]
public sealed class ImageFuzzTests : IDisposable
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly Platform s_platform = new("amd64", "linux");

    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-fuzz-").FullName;
    private int _turn;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Manifests_and_indexes() => ReadAsync(FuzzTargets.Manifest);

    [Fact]
    public Task A_configuration_alone() => ReadAsync(FuzzTargets.Config);

    [Fact]
    public async Task An_index_of_a_layout()
    {
        string entry =
            """{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,"digest":"SHA","annotations":{"org.opencontainers.image.ref.name":"x"}}]}""";
        await Verdict.AllAsync(
            JsonMutations.Of(entry.Replace("SHA", Sha, StringComparison.Ordinal)),
            async bytes =>
            {
                File.WriteAllBytes(Path.Join(_directory, "index.json"), bytes);
                await PullAsync($"oci:{_directory}:x");
            }
        );
    }

    /// <summary>The configuration as it is pulled, and all that is made of it.</summary>
    [Fact]
    public Task Configurations() =>
        Verdict.AllAsync(
            JsonMutations.Of(
                """
                {"architecture":"amd64","os":"linux","variant":"v2","created":"2015-10-31T22:22:56Z","rootfs":{"type":"layers","diff_ids":[]},
                 "config":{"User":"daemon:1","ExposedPorts":{"8080/tcp":{}},"Env":["A=b","PATH=/bin"],"Entrypoint":["/usr/bin/etcd"],"Cmd":["--x"],"Volumes":{"/data":{}},
                  "WorkingDir":"/home","Labels":{"atomic.type":"system"},"StopSignal":"SIGINT","Healthcheck":{"Test":["CMD","/bin/true"],"Timeout":5000000000,"StartPeriod":1}}}
                """,
                share: 4
            ),
            async bytes =>
            {
                FakeImage image = new FakeImage().WriteTo(_directory, "x");
                JsonObject manifest = JsonNode.Parse(image.Manifest)!.AsObject();
                manifest["config"] = FakeImage.Descriptor(image.ConfigType, bytes);
                byte[] text = Encoding.UTF8.GetBytes(manifest.ToJsonString());
                JsonObject descriptor = FakeImage.Descriptor(image.ManifestType, text);
                foreach (byte[] blob in new[] { bytes, text })
                {
                    File.WriteAllBytes(Path.Join(_directory, "blobs/sha256", Digest.Sha256(blob).Hex), blob);
                }

                File.WriteAllBytes(Path.Join(_directory, "index.json"), FakeImage.Index(descriptor));
                PulledImage pulled = await PullAsync($"oci:{_directory}");
                TestImage files = new TestImage()
                    .File("/usr/bin/etcd", "")
                    .File("/etc/passwd", "daemon:x:1:1::/:/bin/sh\n");
                Use(files, pulled.Config.Run);
            }
        );

    [Fact]
    public Task A_list_of_docker_save() =>
        Verdict.AllAsync(
            JsonMutations.Of($$"""[{"Config":"{{Sha[7..]}}.json","RepoTags":["x:latest"],"Layers":[]}]"""),
            async bytes =>
            {
                byte[] config =
                    """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray();
                await File.WriteAllBytesAsync(
                    Path.Join(_directory, "x.tar"),
                    new Tar.TarBuilder()
                        .File("manifest.json", Encoding.Latin1.GetString(bytes))
                        .File(Sha[7..] + ".json", Encoding.UTF8.GetString(config))
                        .Finished
                );
                await PullAsync($"docker-archive:{_directory}/x.tar:x:latest");
            }
        );

    [Fact]
    public Task An_images_own_manifest() =>
        Verdict.AllAsync(
            JsonMutations.Of(
                """
                {"version":"1.0","defaultValues":{"A":"b"},"renameFiles":{"/usr/a":"/usr/b"},"installedFilesTemplate":["/x"],"noContainerService":false,"useLinks":false,
                 "healthcheck":{"command":["/bin/true"],"timeout":3,"interval":1,"startPeriod":2},"units":["etcd.socket"]}
                """
            ),
            bytes =>
            {
                Use(
                    new TestImage()
                        .File("/usr/bin/etcd", "")
                        .File("/exports/hostfs/usr/a", "a")
                        .File("/exports/manifest.json", bytes),
                    run: null
                );
                return Task.CompletedTask;
            }
        );

    private const string Spec = """
        {"ociVersion":"1.0.2","hostname":"x","process":{"terminal":false,"args":["/bin/true"],"cwd":"/","env":["A=b"],"noNewPrivileges":true,"oomScoreAdj":5,"selinuxLabel":"l","apparmorProfile":"p",
          "user":{"uid":1,"gid":1,"additionalGids":[2]},"rlimits":[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}],"capabilities":{"bounding":["CAP_CHOWN"],"effective":["CAP_CHOWN"],"ambient":[]}},
         "root":{"path":"rootfs","readonly":true},"annotations":{"run.oci.keep_original_groups":"1"},
         "mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/data","type":"bind","source":"/var/lib/etcd","options":["rbind","rw"]},{"destination":"/n","type":"bind","source":"/run/systemd/notify","options":["bind"]}],
         "hooks":{"prestart":[{"path":"/bin/true","args":["true"],"env":["A=b"],"timeout":1}]},
         "linux":{"namespaces":[{"type":"mount"},{"type":"pid"},{"type":"network","path":"/run/netns/x"}],"rootfsPropagation":"slave","cgroupsPath":"/x","sysctl":{"net.ipv4.ip_forward":"1"},
          "uidMappings":[{"containerID":0,"hostID":1000,"size":1}],"maskedPaths":["/proc/kcore"],"readonlyPaths":["/proc/sys"],"devices":[{"path":"/dev/fuse","type":"c","major":10,"minor":229,"fileMode":438,"uid":0,"gid":0}],
          "seccomp":{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]},
          "resources":{"memory":{"limit":1000000,"swap":2000000,"reservation":5000},"cpu":{"shares":512,"quota":5000,"period":100000,"cpus":"0"},"pids":{"limit":10},
           "blockIO":{"weight":10,"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":5}]},"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":3,"access":"rw"}],"unified":{"memory.high":"5"},
           "hugepageLimits":[{"pageSize":"2MB","limit":5}]}}}
        """;

    /// <summary>An image's config.json, through all that reads it: install for each runtime, the rights,
    /// lint.</summary>
    [Fact]
    public Task An_images_own_config_json() =>
        Verdict.AllAsync(
            JsonMutations.Of(Spec, share: 7),
            async bytes =>
            {
                TestImage image = new TestImage()
                    .File("/usr/bin/etcd", "")
                    .Directory("/proc")
                    .File("/exports/service.template", "[Service]\nType=notify\nExecStart=$EXEC_START\n")
                    .File("/exports/config.json", bytes);
                Use(image, run: null);
            }
        );

    /// <summary>What lint makes of it; it reports, and refuses nothing.</summary>
    [Fact]
    public Task Lint() =>
        Verdict.AllAsync(
            JsonMutations.Of(Spec, share: 7).Append(("no document", [])),
            bytes =>
            {
                LintFindings findings = new("");
                string text = Encoding.UTF8.GetString(bytes);
                _ = ConfigCheck.Run(
                    new LintedFile(TemplateText.Read("/exports/config.json", TemplateKind.Plain, text), text),
                    findings
                );
                return findings.Sorted.Select(f => ForeignWords.Find(f.Text)).FirstOrDefault(w => w is not null)
                        is { } word
                        ? throw new InvalidOperationException($"lint says '{word}'")
                    : bytes.Length == 0 ? throw new SysctrException(ErrorKind.Failed, "lint refuses nothing")
                    : Task.CompletedTask;
            }
        );

    [Fact]
    public Task Templates() =>
        Verdict.AllAsync(
            TextMutations.Of(
                "{{ for item in LIST | string.split \",\" }}[{{ item + 1 }}]{{ end }}\n{{ if NAME == \"x\" }}{{ math.plus 1 2 }}{{ else }}{{ NAME | string.slice 1 2 }}{{ end }}"
            ),
            text =>
                Task.FromResult(
                    ScribanTemplate.Render(
                        "/exports/x.sbn",
                        text,
                        new Dictionary<string, string> { ["NAME"] = "etcd", ["LIST"] = "a,b" }
                    )
                )
        );

    /// <summary>What an installation makes of the image, short of writing it.</summary>
    private void Use(TestImage files, ImageRunConfig? run)
    {
        ImageExports exports = ImageExports.Read(files, run);
        // Each way in turn: they differ in little, and all of them for each document would be a minute.
        int turn = _turn++;
        OciRuntime runtime =
            turn % 2 == 0 ? new("/usr/sbin/runc", RuntimeKind.Runc) : new("/usr/bin/crun", RuntimeKind.Crun);
        HostUser? user =
            turn / 2 % 2 == 0
                ? null
                : new("me", 1000, 1000, "/home/me", "/home/me/.config", "/home/me/.local/share", "/run/user/1000");
        UnitPlan plan = UnitPlan.For(runtime, "etcd", "/b/1", "/run/etcd.pid", "/usr/bin/sysctr", exports, 257, user);
        RenderedContainer rendered = plan.Adapt(
            ContainerRenderer.Render(
                RenderRequests.For(files, run) with
                {
                    Commands = plan.Commands,
                    ServiceLines = plan.ServiceLines,
                    Exports = exports,
                }
            ),
            files,
            RenderRequests.Host,
            "/usr/libexec/sysctr/sysctr-listen",
            rootfs: null
        );
        if (rendered.ConfigJson is not { } json)
        {
            return;
        }

        _ = ContainerRights.Of(
            new RightsSubject
            {
                Name = "etcd",
                Destination = "/b/1",
                Runtime = runtime.Path,
                ListenHelper = "/usr/libexec/sysctr/sysctr-listen",
                Values = new Dictionary<string, string>(),
                Config = JsonElement.Parse(json),
            }
        );
        JsonObject document = JsonNode.Parse(json)!.AsObject();
        BundleConfig.PlaceNotifySocket(document, "/run/sysctr/etcd/notify");
        new MountGuard(["/var/lib/sysctr"], "/b/1", () => []).Protect(document);
    }

    private static Task ReadAsync(FuzzTarget target) =>
        Verdict.AllAsync(
            target.Seeds.SelectMany(s => JsonMutations.Of(Encoding.UTF8.GetString(s))),
            bytes =>
            {
                target.Read(bytes);
                return Task.CompletedTask;
            }
        );

    private static Task<PulledImage> PullAsync(string image) =>
        new ImagePuller(
            RegistriesConfig.Load(new RegistriesConfPaths("/nonexistent", null, null)),
            new SystemContainers.Pull.Auth.CredentialStore([]),
            SystemContainers.Pull.Trust.SignaturePolicy.Load("/nonexistent"),
            NoProgress.Instance
        ).PullAsync(
            [ImageReference.Parse(image)],
            s_platform,
            new RecordingSink(),
            TestContext.Current.CancellationToken
        );
}
