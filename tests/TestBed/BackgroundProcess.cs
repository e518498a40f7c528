// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace SystemContainers.TestBed;

/// <summary>A server that a test started: a child of ours with its output in a file.</summary>
public sealed class BackgroundProcess : IAsyncDisposable
{
    private readonly Process _process;

    private BackgroundProcess(Process process, string log)
    {
        _process = process;
        Log = log;
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>The file with its output and errors.</summary>
    public string Log { get; }

    /// <summary>Whether it ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Starts a command line; the shell in between only redirects and moves, then becomes the
    /// program.</summary>
    /// <param name="scratch">Where its log goes, and which remembers it.</param>
    /// <param name="name">Name of the log.</param>
    /// <param name="commandLine">Program and arguments.</param>
    /// <param name="groups">Control groups to run in.</param>
    public static BackgroundProcess Start(
        Scratch scratch,
        string name,
        IReadOnlyList<string> commandLine,
        IReadOnlyList<string>? groups = null
    )
    {
        const string script = """
            log=$1; groups=$2; shift 2
            for group in $groups; do echo $$ > "$group/cgroup.procs"; done
            exec "$@" </dev/null >>"$log" 2>&1
            """;
        string log = scratch.File(name + ".log");
        ProcessStartInfo start = new("sh", ["-euc", script, "sh", log, string.Join(' ', groups ?? []), .. commandLine])
        {
            UseShellExecute = false,
        };
        Process process = Process.Start(start)!;
        scratch.Remember(process.Id);
        return new BackgroundProcess(process, log);
    }

    /// <summary>Its exit code once it ended by itself, or nothing after the time is over.</summary>
    public async Task<int?> WaitAsync(TimeSpan limit)
    {
        using CancellationTokenSource source = new(limit);
        try
        {
            await _process.WaitForExitAsync(source.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Ends it at once, as a power cut would.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
