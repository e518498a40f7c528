// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime;

/// <summary>A further process in a container that runs: <c>runc exec</c>, with the payload's user, environment and
/// rights.</summary>
/// <remarks>
/// A user's container has a namespace of its own, a sibling of the one that we work in; only from outside can anybody
/// enter it. So the user's systemd calls the runtime there.
/// </remarks>
static class ContainerExec
{
    /// <summary>What is kept of each of a command's streams, in bytes: who runs inside says how much it
    /// writes.</summary>
    internal const int MaxSaid = 4 << 10;

    /// <summary>How long what a command has left behind may go on speaking for it. crun ends with the command; runc
    /// itself waits until nobody holds the streams that it made.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>For the runtime to say which process a container is.</summary>
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(10);

    /// <param name="id">The runtime's name for the container.</param>
    /// <param name="command">Program and words.</param>
    /// <param name="directory">Where it begins; null for where the payload did.</param>
    /// <param name="config">config.json of what runs, as <see cref="ContainerProcess.ConfigOf"/>.</param>
    /// <param name="user">Whose container it is; null for the system's.</param>
    /// <param name="cancellation">Kills it, with what it has started.</param>
    /// <returns>Null for status 0; else the status, and the last line that it wrote.</returns>
    public static async Task<string?> RunAsync(
        OciRuntime runtime,
        string id,
        IReadOnlyList<string> command,
        string? directory,
        string config,
        HostUser? user,
        CancellationToken cancellation
    )
    {
        // In a directory of its own: once that is gone, a runtime that only gets to start the command when nobody waits
        // for it any more can't write the file, and ends what it started.
        // One that was killed has left a file with the payload's secrets.
        ScratchDirectory.RemoveAbandoned();
        string own = ScratchDirectory.Create();
        string pidFile = Path.Join(own, "pid");
        try
        {
            JsonObject document = ContainerProcess.Read(config);
            document["process"]!["args"] = new JsonArray([.. command.Select(word => JsonValue.Create(word))]);
            if (directory is not null)
            {
                document["process"]!["cwd"] = directory;
            }

            string process = ContainerProcess.Write(own, document, terminal: false, user);

            // Killing the runtime would leave the process in the container; it is a session of its own, so that one
            // signal ends all of it.
            using CancellationTokenRegistration kill = cancellation.Register(() =>
                KillSession(pidFile, runtime, id, user)
            );
            string[] words =
            [
                .. Outside(user),
                .. await InsideAsync(runtime, id, user, cancellation),
                .. Literal([.. runtime.Command, "exec", "--pid-file", pidFile, "--process", process, id], user),
            ];
            ProcessResult result = await ProcessRunner.RunForEndAsync(
                words[0],
                words[1..],
                MaxSaid,
                s_patience,
                cancellation
            );

            // It may have ended because it was killed.
            cancellation.ThrowIfCancellationRequested();
            if (result.ExitCode == 0)
            {
                return null;
            }

            string last = (result.Output + result.Error)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .LastOrDefault("");
            return last.Length > 0 ? $"status {result.ExitCode}, {last}" : $"status {result.ExitCode}";
        }
        finally
        {
            ScratchDirectory.Remove(own);
        }
    }

    /// <summary>
    /// What puts a command into the container's control group, where the runtime does not do it itself: limits that
    /// config.json states hold for what the image lets run as its health check, too.
    /// </summary>
    private static async Task<string[]> InsideAsync(
        OciRuntime runtime,
        string id,
        HostUser? user,
        CancellationToken cancellation
    ) =>
        user is not null || runtime.Kind != RuntimeKind.Crun
            ? []
            :
            [
                Environment.ProcessPath!,
                .. BorderExec.Words([], terminal: null, await RequireCgroupAsync(runtime, id, cancellation)),
            ];

    /// <summary>The control group of a container's first process, as the runtime knows it.</summary>
    /// <param name="id">The runtime's name for the container.</param>
    /// <param name="cancellation">Ends the question.</param>
    /// <exception cref="SysctrException">Unit: it has none, or none any more.</exception>
    public static async Task<string> RequireCgroupAsync(
        OciRuntime runtime,
        string id,
        CancellationToken cancellation
    ) =>
        await CgroupAsync(runtime, id, cancellation)
        ?? throw new SysctrException(
            ErrorKind.Unit,
            $"executing a command in {id}: {runtime.Path} does not say which process it is",
            "see whether it runs with 'sysctr status'"
        );

    /// <summary>The control group of a container's payload; null where the runtime does not say which process that
    /// is.</summary>
    private static async Task<string?> CgroupAsync(OciRuntime runtime, string id, CancellationToken cancellation)
    {
        string[] asked = [.. runtime.Command, "state", id];
        ProcessResult state = await ProcessRunner.RunAsync(asked[0], asked[1..], cancellation);
        return
            state.ExitCode == 0
            && JsonNode.Parse(state.Output)?["pid"] is JsonValue pid
            && pid.TryGetValue(out int process)
            ? UnitCgroup.OfProcess(process)
            : null;
    }

    /// <summary>Whether a process is one of the container's unit.</summary>
    private static bool IsOf(OciRuntime runtime, string id, int process)
    {
        using CancellationTokenSource limited = new(s_answer);
        try
        {
            return CgroupAsync(runtime, id, limited.Token).GetAwaiter().GetResult() is { } payload
                && UnitCgroup.OfProcess(process) is { } own
                && UnitCgroup.ServiceOf(own) == UnitCgroup.ServiceOf(payload);
        }
        catch (Exception e) when (e is SysctrException or OperationCanceledException or JsonException)
        {
            // Whoever stops the unit ends what is left in it.
            return false;
        }
    }

    /// <summary>What lets a command run as the user, outside of our namespace.</summary>
    private static string[] Outside(HostUser? user) => user is null ? [] : [.. TransientService.Caller(user), "--"];

    /// <summary>systemd would put variables of its own into the words of a service (systemd.service(5), "Command
    /// lines").</summary>
    private static IEnumerable<string> Literal(IEnumerable<string> words, HostUser? user) =>
        user is null ? words : words.Select(w => w.Replace("$", "$$", StringComparison.Ordinal));

    /// <summary>The file is in a directory that a payload may have been given.</summary>
    private static string ReadSmall(string path)
    {
        using SafeFileHandle? file = RegularFile.Open(path);
        Span<byte> text = stackalloc byte[32];
        return file is null
            ? ""
            : System.Text.Encoding.ASCII.GetString(text[..RandomAccess.Read(file, text, 0)]).Trim();
    }

    /// <summary>
    /// Kills a command with its session. Attack: the command ends at once and leaves something that holds its streams,
    /// and the payload has the kernel count through all process ids, until the command's is another's: a service's of
    /// the host, whose session has its number, too. So the unit is asked for.
    /// </summary>
    private static void KillSession(string pidFile, OciRuntime runtime, string id, HostUser? user)
    {
        if (
            !File.Exists(pidFile)
            || !int.TryParse(ReadSmall(pidFile), NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        )
        {
            return;
        }

        if (user is not null)
        {
            // It may be any of the container's users, whom only the root of its namespace may kill.
            string[] words =
            [
                .. Outside(user),
                "nsenter",
                "--user",
                "--preserve-credentials",
                "--target",
                $"{process}",
                "sh",
                "-c",
                $"kill -KILL -- -{process} || kill -KILL {process}",
            ];
            ProcessRunner.RunAsync(words[0], words[1..], CancellationToken.None).GetAwaiter().GetResult();
        }
        else if (process > 1 && IsOf(runtime, id, process) && Libc.kill(-process, Libc.SIGKILL) != 0)
        {
            _ = Libc.kill(process, Libc.SIGKILL);
        }
    }
}
