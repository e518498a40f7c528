// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>
/// The newest Debian's composefs and erofs-utils, unpacked and not installed: older Debians have no mkcomposefs. They
/// run below their own root, which has this machine's /tmp, so that a path there is the same for them and for us. Needs
/// root.
/// </summary>
public sealed class ComposefsRoot
{
    private const string Suite = "sid";

    private static readonly string[] s_packages = ["composefs", "erofs-utils"];

    private readonly string _root;

    private ComposefsRoot(string root) => _root = root;

    /// <summary>From the cache; made in some seconds.</summary>
    public static async Task<ComposefsRoot> GetAsync()
    {
        await Packages.EnsureAsync();
        return new ComposefsRoot(
            Path.Combine(await Cache.GetAsync("composefs-" + Suite, ["1", Suite, .. s_packages], MakeAsync), "root")
        );
    }

    /// <summary>Runs a script of sh in a mount namespace of its own; in it <c>run PROGRAM ARGUMENT…</c> runs one of the
    /// programs, so that many cost one call.</summary>
    public Task<CommandResult> RunAsync(string script, params string[] arguments) =>
        Command.RunAsync([
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-ec",
            // mkcomposefs reads a file's attributes by way of /proc.
            "mount --bind /tmp \"$0/tmp\"; mount -t proc proc \"$0/proc\"; run() { chroot \"$root\" \"$@\"; }; root=$0; "
                + script,
            _root,
            .. arguments,
        ]);

    private static async Task MakeAsync(string folder)
    {
        string root = Path.Combine(folder, "root");
        await Packages.UnpackAsync(Suite, s_packages, root);
        Directory.CreateDirectory(Path.Combine(root, "proc"));

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
