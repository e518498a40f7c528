// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Render.Spec;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>The generated config.json, run by the real runtimes of this machine on a small tree made of its own
/// programs.</summary>
[Trait("needs", "programs")]
public sealed class RealRuntimeTests : IDisposable
{
    private const string Script = """
        id -u; id -g; id -G; pwd; echo "$GREETING"; echo $$
        grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status
        test -w / || echo root-readonly
        touch /tmp/a /dev/shm/a && echo wrote-tmpfs
        touch /data/kept && echo wrote-volume
        cat /proc/kcore >/dev/null 2>&1 | grep . ; test -s /proc/kcore || echo kcore-masked
        echo 1 2>/dev/null >/proc/sys/vm/drop_caches || echo proc-sys-readonly
        test -e /sys/class/net/lo && echo sees-network
        touch /sys/x 2>/dev/null || echo sys-readonly
        cat /etc/hosts | grep -c localhost >/dev/null && echo has-hosts
        exit 42
        """;

    private static readonly string[] s_programs = ["/bin/sh", "/usr/bin/id", "/bin/cat", "/bin/grep", "/usr/bin/touch"];

    private readonly string _bundle = Directory.CreateTempSubdirectory("render-runtime-").FullName;

    // The development machine has cgroup v1 and v2 mixed, which crun refuses; a host of today has v2 alone.
    private const string UnifiedCgroups =
        "umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec \"$0\" \"$@\"";

    public static TheoryData<string, string, bool> Runtimes =>
        new()
        {
            { "runc", "", false },
            { "runc", "worker:audio", true },
            { "crun --cgroup-manager=disabled", "", true },
            { "crun --cgroup-manager=disabled", "1234", false },
        };

    public void Dispose() => Directory.Delete(_bundle, recursive: true);

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task The_generated_configuration_runs_and_holds_what_it_promises(
        string runtime,
        string user,
        bool builtInFilter
    )
    {
        string rootfs = await MakeRootfsAsync();
        RenderRequest request = Request(rootfs, user);
        if (builtInFilter)
        {
            request = request with { Host = request.Host with { SeccompProfile = WithCallsOfTheFuture() } };
        }

        RenderedContainer container = ContainerRenderer.Render(request);
        MakeMountPoints(rootfs, container.Mounts);
        Directory.CreateDirectory(Path.Combine(request.StateDirectory, request.Name, "data"));
        File.SetUnixFileMode(Path.Combine(request.StateDirectory, request.Name, "data"), (UnixFileMode)0x1ff);

        // What a start puts in place of these three.
        string names = Directory.CreateDirectory(Path.Combine(_bundle, "names")).FullName;
        Array.ForEach(
            ["hosts", "resolv.conf", "hostname"],
            name => File.WriteAllText(Path.Combine(names, name), "127.0.0.1 localhost\n")
        );
        File.WriteAllText(
            Path.Combine(_bundle, "config.json"),
            Encoding
                .UTF8.GetString(container.ConfigJson!)
                .Replace("/run/sysctr/etcd/", names + "/", StringComparison.Ordinal)
        );
        string[] before = Tree(rootfs);

        ProcessResult result = await ProcessRunner.RunAsync(
            "unshare",
            [
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                UnifiedCgroups,
                .. runtime.Split(' '),
                "run",
                "--bundle",
                _bundle,
                $"render-{Guid.NewGuid():N}",
            ],
            CancellationToken.None
        );

        Assert.True(result.ExitCode == 42, $"{runtime} gave {result.ExitCode}: {result.Error}\n{result.Output}");
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        (string uid, string gid, string groups, bool root) = user switch
        {
            "" => ("0", "0", "0 20", true),
            "1234" => ("1234", "0", "0", false),
            _ => ("33", "29", "29", false),
        };
        Assert.Equal([uid, gid, groups, "/work dir", "hello \"there\" $HOME", "1"], lines[..6]);
        string bounding = Mask(request.Host);
        Assert.Equal(
            [
                "CapInh:\t0000000000000000",
                $"CapPrm:\t{(root ? bounding : "0000000000000000")}",
                $"CapEff:\t{(root ? bounding : "0000000000000000")}",
                $"CapBnd:\t{bounding}",
                "CapAmb:\t0000000000000000",
                "NoNewPrivs:\t1",
                "Seccomp:\t2",
            ],
            lines[6..13]
        );
        Assert.Equal(
            [
                "root-readonly",
                "wrote-tmpfs",
                "wrote-volume",
                "kcore-masked",
                "proc-sys-readonly",
                "sees-network",
                "sys-readonly",
                "has-hosts",
            ],
            lines[13..]
        );
        Assert.Equal(before, Tree(rootfs));
        Assert.True(File.Exists(Path.Combine(request.StateDirectory, request.Name, "data/kept")));
    }

    /// <summary>The built-in profile, with names that no libseccomp knows: one that is older than a profile must not
    /// stop a container.</summary>
    private static SeccompFile WithCallsOfTheFuture()
    {
        SeccompProfile built = DefaultSeccompProfile.Value;
        SeccompProfile more = built with
        {
            Syscalls =
            [
                .. built.Syscalls!,
                new ProfileRule { Names = ["a_call_of_the_future"], Action = "SCMP_ACT_ALLOW" },
                new ProfileRule
                {
                    Names = ["another_one"],
                    Action = "SCMP_ACT_ERRNO",
                    ErrnoRet = 1,
                    Args = [new(0, 1, 0, "SCMP_CMP_EQ")],
                },
            ],
        };
        return new SeccompFile(
            "built in",
            JsonSerializer.SerializeToUtf8Bytes(more, RuntimeJson.Default.SeccompProfile)
        );
    }

    private RenderRequest Request(string rootfs, string user)
    {
        ImageRunConfig run = new()
        {
            User = user,
            Entrypoint = ["/bin/sh", "-c"],
            Cmd = [Script],
            Env = ["GREETING=hello \"there\" $HOME"],
            WorkingDir = "/work dir",
            Volumes = new Dictionary<string, EmptyObject> { ["/data"] = new() },
        };
        return RenderRequests.For(TestImage.FromDirectory(rootfs), run) with
        {
            Host = HostFacts.Read(),
            DestinationDirectory = _bundle,
            StateDirectory = Path.Combine(_bundle, "state"),
        };
    }

    private async Task<string> MakeRootfsAsync()
    {
        string rootfs = Path.Combine(_bundle, "rootfs");
        foreach (string program in s_programs)
        {
            ProcessResult libraries = await ProcessRunner.RunAsync("ldd", [program], CancellationToken.None);
            IEnumerable<string> needed = libraries.Output.Split('\n', ' ', '\t').Where(w => w.StartsWith('/'));
            foreach (string file in needed.Append(program))
            {
                string target = rootfs + file;
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target, overwrite: true);
            }
        }

        Directory.CreateDirectory(rootfs + "/etc");
        File.WriteAllText(rootfs + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nworker:x:33:33::/srv:/bin/sh\n");
        File.WriteAllText(rootfs + "/etc/group", "root:x:0:\ndialout:x:20:root,worker\naudio:x:29:\nworker:x:33:\n");
        return rootfs;
    }

    private static void MakeMountPoints(string rootfs, IReadOnlyList<RequiredMount> mounts)
    {
        foreach (RequiredMount mount in mounts)
        {
            if (mount.IsDirectory)
            {
                Directory.CreateDirectory(rootfs + mount.Path);
            }
            else
            {
                File.WriteAllText(rootfs + mount.Path, "");
            }

            File.SetUnixFileMode(rootfs + mount.Path, (UnixFileMode)mount.Mode);
        }
    }

    private static string[] Tree(string root) =>
        [.. Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static string Mask(HostFacts host)
    {
        ulong mask = 0;
        for (int bit = 0; bit < 64; bit++)
        {
            IReadOnlyList<string> name = Capabilities.FromMask(1UL << bit);
            if (
                name.Count == 1
                && Capabilities.ContainerDefaults.Contains(name[0])
                && host.Capabilities.Contains(name[0])
            )
            {
                mask |= 1UL << bit;
            }
        }

        return $"{mask:x16}";
    }
}
