// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>
/// Runs a command that hands its standard streams to a container. It gets pipes or a terminal of its own, and nothing
/// else that this process has open: who is left behind in the container could type, or read what is typed, on the
/// caller's terminal long after the command has ended.
/// </summary>
static class BorderRelay
{
    private static readonly PosixSignal[] s_forwarded =
    [
        PosixSignal.SIGINT,
        PosixSignal.SIGQUIT,
        PosixSignal.SIGTERM,
        PosixSignal.SIGHUP,
        (PosixSignal)SigUsr1,
        (PosixSignal)SigUsr2,
    ];

    private const int SigUsr1 = 10;
    private const int SigUsr2 = 12;

    /// <param name="command">Absolute path of the program, or a name along PATH, and its words.</param>
    /// <param name="terminal">Whether it gets a terminal; else pipes.</param>
    /// <param name="cgroup">A control group below the root that it is to be in; null for the caller's.</param>
    /// <param name="forward">Whether signals for this process go on to the command; else they are the caller's to
    /// understand.</param>
    /// <param name="cancellation">Ends the wait, and nothing else.</param>
    /// <returns>The command's exit status.</returns>
    /// <exception cref="Errors.SysctrException">Host: it can't be started.</exception>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> command,
        bool terminal,
        string? cgroup,
        bool forward,
        CancellationToken cancellation
    )
    {
        using PseudoTerminal? own = terminal ? new PseudoTerminal() : null;
        using PosixSignalRegistration? resized = own is null
            ? null
            : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => own.CopySize());
        ProcessStartInfo start = new(Environment.ProcessPath!, BorderExec.Words(command, own?.Name, cgroup))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = ProcessRunner.Start(start);
        PosixSignalRegistration[] signals = forward
            ? [.. s_forwarded.Select(s => PosixSignalRegistration.Create(s, context => Forward(process, context)))]
            : [];
        try
        {
#pragma warning disable CA2000 // The thread that waits for input looks at it as long as this process lives.
            ManualResetEventSlim ended = new();
#pragma warning restore CA2000
            List<Thread> outputs = [Copy(process.StandardOutput, 1, ended), Copy(process.StandardError, 2, ended)];
            if (own is null)
            {
                // It may wait for input for ever; it goes with this process.
                StreamWriter input = process.StandardInput;
                Start(() =>
                {
                    StreamCopy.Input(Descriptor(input.BaseStream), ended);
                    input.Dispose();
                });
            }
            else
            {
                int master = (int)own.Master.DangerousGetHandle();
                process.StandardInput.Close();
                outputs.Add(Start(() => StreamCopy.Output(master, 1, ended)));
                Start(() => StreamCopy.Input(master, ended));
            }

            try
            {
                await process.WaitForExitAsync(cancellation);
            }
            finally
            {
                own?.Release();
                ended.Set();
                foreach (Thread output in outputs)
                {
                    output.Join();
                }
            }

            return process.ExitCode;
        }
        finally
        {
            Array.ForEach(signals, s => s.Dispose());
        }
    }

    private static void Forward(Process process, PosixSignalContext context)
    {
        context.Cancel = true;
        _ = Libc.kill(process.Id, NumberOf(context.Signal));
    }

    private static int NumberOf(PosixSignal signal) =>
        signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGQUIT => 3,
            PosixSignal.SIGTERM => 15,
            _ => (int)signal,
        };

    private static int Descriptor(Stream stream) => (int)((PipeStream)stream).SafePipeHandle.DangerousGetHandle();

    private static Thread Copy(StreamReader from, int to, ManualResetEventSlim ended) =>
        Start(() =>
        {
            StreamCopy.Output(Descriptor(from.BaseStream), to, ended);

            // Where nobody reads here any more, the writer is to learn of it.
            from.Dispose();
        });

    private static Thread Start(ThreadStart action)
    {
        Thread thread = new(action) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
