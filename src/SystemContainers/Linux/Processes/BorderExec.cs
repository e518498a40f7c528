// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>
/// <c>sysctr launch exec [--cgroup=PATH] [--terminal=PATH] -- COMMAND…</c>: the process between
/// <see cref="BorderRelay"/> and the command. It leaves the caller's session, and so its terminal, and keeps nothing
/// that the caller had open.
/// </summary>
static class BorderExec
{
    private const string Cgroup = "--cgroup=";
    private const string Terminal = "--terminal=";

    /// <summary>The words behind the program's name that call it.</summary>
    public static string[] Words(IReadOnlyList<string> command, string? terminal, string? cgroup) =>
        [
            "launch",
            "exec",
            .. cgroup is null ? Array.Empty<string>() : [Cgroup + cgroup],
            .. terminal is null ? Array.Empty<string>() : [Terminal + terminal],
            "--",
            .. command,
        ];

    /// <summary>Becomes the command; returns only by throwing.</summary>
    /// <param name="arguments">Behind <c>launch exec</c>.</param>
    /// <exception cref="SysctrException">Host: the control group can't be entered, or the command not
    /// executed.</exception>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        int command = arguments.IndexOf("--") + 1;
        if (command == 0 || command == arguments.Length)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                "sysctr launch exec: invalid arguments",
                "it is for sysctr itself"
            );
        }

        foreach (string option in arguments[..(command - 1)])
        {
            if (option.StartsWith(Cgroup, StringComparison.Ordinal))
            {
                Enter(option[Cgroup.Length..]);
            }
        }

        // Fails for who leads a session already, and has none of the caller's then.
        _ = Libc.setsid();
        foreach (string option in arguments[..(command - 1)])
        {
            if (option.StartsWith(Terminal, StringComparison.Ordinal))
            {
                TakeTerminal(option[Terminal.Length..]);
            }
        }

        foreach (
            string descriptor in Directory
                .GetFileSystemEntries("/proc/self/fd")
                .Select(Path.GetFileName)
                .OfType<string>()
        )
        {
            if (int.Parse(descriptor, CultureInfo.InvariantCulture) is > 2 and { } number)
            {
                _ = Libc.fcntl(number, Libc.F_SETFD, Libc.FD_CLOEXEC);
            }
        }

        string[] words = arguments[command..].ToArray();
        words[0] = Found(words[0]);
        return Exec.ReplaceInForeground(words);
    }

    /// <summary>A program by its name along PATH, as execvp(3).</summary>
    private static string Found(string program) =>
        program.Contains('/', StringComparison.Ordinal)
            ? program
            : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin")
                .Split(':')
                .Select(d => Path.Join(d, program))
                .FirstOrDefault(File.Exists)
                ?? "/usr/bin/" + program;

    /// <summary>So that the limits of the container's unit hold for what a runtime leaves in the control group of who
    /// calls it.</summary>
    private static void Enter(string cgroup)
    {
        try
        {
#pragma warning disable RS0030 // No file, but the kernel's interface.
            File.WriteAllText($"/sys/fs/cgroup{cgroup}/cgroup.procs", "0");
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"entering the container's control group {cgroup}, whose limits are to hold: {e.Message}",
                inner: e
            );
        }
    }

    private static void TakeTerminal(string path)
    {
        int terminal = Libc.open_inherited(path, OpenFlags.ReadWrite);
        if (terminal < 0)
        {
            throw LinuxException.Last("open", path);
        }

        _ = Libc.ioctl_int(terminal, Libc.TIOCSCTTY, 0);
        for (int standard = 0; standard < 3; standard++)
        {
            _ = Libc.dup2(terminal, standard);
        }
    }
}
