// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>Debian packages that tests need on the build machine.</summary>
public static class Packages
{
    private static readonly string[] s_tools =
    [
        "mmdebstrap",
        "systemd-container",
        "runc",
        "crun",
        "skopeo",
        "umoci",
        "podman",
        "buildah",
        "docker-registry",
        "qemu-system-x86",
        "qemu-utils",
        "e2fsprogs",
        "iproute2",
        "util-linux",
        "procps",
        "curl",
        "zstd",
        "time",
        "golang-github-containers-common",
        "openssl",
        "ca-certificates",
        "debian-archive-keyring",
        "python3",
        "apache2-utils",
        "patch",
        "strace",
        "etcd-server",
        "etcd-client",
        "ansible-core",
        "clamav",
        "debsecan",
        "dbus-daemon",
        "lintian",
        "dpkg-dev",
        "zsh",
        "fish",
        "mandoc",
        "groff-base",
        "libisal2",
        "libisal-dev",
        "shellcheck",
    ];

    private static readonly Lazy<Task> s_once = new(() => InstallMissingAsync(s_tools));

    /// <summary>Installs what is missing of the tools that the test bed itself uses; once a process.</summary>
    public static Task EnsureAsync() => s_once.Value;

    /// <summary>Unpacks packages of another suite, with what they depend on, into a directory; nothing is
    /// installed.</summary>
    public static Task UnpackAsync(string suite, IEnumerable<string> packages, string root) =>
        Command.MustAsync(
            "mmdebstrap",
            // A mirror that stands still serves an index of sid that is out of date by its own word.
            "--variant=extract",
            "--quiet",
            $"--include={string.Join(',', packages)}",
            "--aptopt=Acquire::Check-Valid-Until \"false\"",
            suite,
            root
        );

    /// <summary>Installs those that are missing.</summary>
    public static async Task InstallMissingAsync(IReadOnlyCollection<string> packages)
    {
        string[] missing = [.. packages.Except(await InstalledAsync(packages), StringComparer.Ordinal)];
        if (missing.Length == 0)
        {
            return;
        }

        using FileLock held = await FileLock.TakeAsync(Path.Combine(Workspace.CacheRoot, "locks", "apt"));
        await Console.Error.WriteLineAsync($"installing {string.Join(' ', missing)}");
        await Command.MustAsync("apt-get", "update", "-q");
        await Command.MustAsync(
            "env",
            ["DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qy", "--no-install-recommends", .. missing]
        );
    }

    private static async Task<string[]> InstalledAsync(IReadOnlyCollection<string> packages)
    {
        // It fails when it does not know one of them, and still lists the others.
        CommandResult known = await Command.RunAsync(
            "dpkg-query",
            ["--show", "--showformat=${Package} ${db:Status-Status}\n", .. packages]
        );
        return
        [
            .. known
                .Output.Split('\n')
                .Where(l => l.EndsWith(" installed", StringComparison.Ordinal))
                .Select(l => l.Split(' ')[0]),
        ];
    }
}
