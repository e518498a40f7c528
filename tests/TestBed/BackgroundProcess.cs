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

    /// <summary>Starts a command line; the shell in between only redirects, then becomes the program.</summary>
    public static BackgroundProcess Start(Scratch scratch, string name, IReadOnlyList<string> commandLine)
    {
        string log = scratch.File(name + ".log");
        ProcessStartInfo start = new(
            "sh", ["-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh", log, .. commandLine])
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
