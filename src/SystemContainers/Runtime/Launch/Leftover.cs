// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Linux.Native;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// A container that a former run of the unit has left in the runtime's state: its clean-up was cut, or a sandbox kept
/// it from its work. The runtime would refuse the name ("container with given ID already exists") until somebody
/// removed it by hand.
/// </summary>
static class Leftover
{
    /// <summary>What a runtime writes when a container is whole; without it the directory is what a cut start has
    /// left.</summary>
    private static readonly string[] s_records = ["state.json", "status"];

    /// <summary>
    /// Removes a dead container of that name before it is made anew. One that runs is somebody else's, for systemd
    /// starts a unit only when none of its processes is left: it stays, and the runtime says so.
    /// </summary>
    /// <param name="runtime">Which holds it.</param>
    /// <param name="id">The runtime's name for the container.</param>
    public static void Clear(OciRuntime runtime, string id)
    {
        foreach (string directory in Places(runtime.Kind, id).Where(Directory.Exists))
        {
            bool whole = s_records.Any(record => File.Exists(Path.Join(directory, record)));
            LaunchLog.Error(
                $"starting {id}: an earlier run has left its container; {(whole ? "it goes if it does not run" : "it goes")}"
            );
            using Process process = Process.Start(
                new ProcessStartInfo(
                    runtime.Path,
                    [.. runtime.Command.Skip(1), "delete", .. whole ? (string[])[] : ["--force"], id]
                )
                {
                    UseShellExecute = false,
                }
            )!;
            process.WaitForExit();
        }
    }

    /// <summary>Where runtimes keep what they know of a container: <c>--root</c> of runc(8) and crun(1), as they choose
    /// it themselves.</summary>
    internal static IEnumerable<string> Places(RuntimeKind kind, string id)
    {
        string? session = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        string name = kind == RuntimeKind.Crun ? "crun" : "runc";
        IEnumerable<string> parents =
        [
            .. Libc.geteuid() == 0 ? ["/run"] : (string[])[],
            .. string.IsNullOrEmpty(session) ? (string[])[] : [session],
        ];
        return parents.Select(parent => Path.Join(parent, name, id));
    }
}
