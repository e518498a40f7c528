// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>
/// Debian 13's skopeo, oras and gpg, unpacked and not installed: Debian 12's skopeo has sigstore switched off, and its
/// gpg is older. They run below their own root, which has this machine's /tmp, so that a path there is the same for
/// them and for us. Needs root. With <c>SYSCTR_TEST_SUITE=sid</c> they are Debian's newest.
/// </summary>
public sealed class SkopeoRoot
{
    private static readonly string[] s_packages = ["skopeo", "oras", "gpg", "gpg-agent", "gpgconf"];

    private static readonly string s_suite =
        Environment.GetEnvironmentVariable("SYSCTR_TEST_SUITE") == "sid" ? "sid" : "trixie";

    private readonly string _root;

    private SkopeoRoot(string root) => _root = root;

    /// <summary>From the cache; made in some seconds.</summary>
    public static async Task<SkopeoRoot> GetAsync()
    {
        await Packages.EnsureAsync();
        return new SkopeoRoot(
            Path.Combine(await Cache.GetAsync("skopeo-" + s_suite, ["1", s_suite, .. s_packages], MakeAsync), "root")
        );
    }

    /// <summary>Runs one of the programs to its end, in a mount namespace of its own.</summary>
    public Task<CommandResult> RunAsync(string program, params string[] arguments) =>
        RunAsync(program, null, arguments);

    /// <summary>The same with something on standard input.</summary>
    public Task<CommandResult> RunAsync(string program, string? input, IReadOnlyList<string> arguments) =>
        Command.RunAsync(
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                "mount --bind /tmp \"$0/tmp\" && exec chroot \"$0\" \"$@\"",
                _root,
                program,
                .. arguments,
            ],
            input: input
        );

    /// <summary>Runs skopeo with a containers-storage of its own: that wants /proc, /sys and /var/tmp, which the root
    /// gets for as long as it runs.</summary>
    /// <param name="configuration">A containers-storage.conf in /tmp.</param>
    /// <param name="arguments">skopeo's.</param>
    public Task<CommandResult> RunWithStorageAsync(string configuration, params string[] arguments) =>
        Command.RunAsync([
            "env",
            $"CONTAINERS_STORAGE_CONF={configuration}",
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-ec",
            "mount -t tmpfs none /mnt; cd /mnt; mkdir upper work root; mount -t overlay -o lowerdir=\"$0\",upperdir=upper,workdir=work none root; "
                + "mkdir -p root/proc root/sys root/dev root/tmp root/var/tmp; for d in proc sys dev tmp; do mount --rbind /$d root/$d; done; exec chroot root skopeo \"$@\"",
            _root,
            .. arguments,
        ]);

    private static async Task MakeAsync(string folder)
    {
        string root = Path.Combine(folder, "root");
        await Packages.UnpackAsync(s_suite, s_packages, root);

        // What base-files does when it is installed.
        foreach (string directory in (string[])["bin", "sbin", "lib", "lib64"])
        {
            if (!Path.Exists(Path.Combine(root, directory)))
            {
                File.CreateSymbolicLink(Path.Combine(root, directory), "usr/" + directory);
            }
        }
    }
}
