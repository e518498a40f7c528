// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using SystemContainers.Cli.Output;
using SystemContainers.Linux.Processes;
using SystemContainers.State;

namespace SystemContainers.Cli;

/// <summary>
/// Ctrl-C, SIGTERM and the end of the terminal. The first cancels what is under way and waits, however long the
/// roll-back takes, for nobody else can tell what then holds. The second ends the process at once and says what it
/// leaves to recovery. It watches for as long as the process lives: a signal that the runtime hands on only after the
/// call has ended, as on a busy machine, must not end with a signal what has said that it is done.
/// </summary>
#pragma warning disable CA1001 // It is needed until there is no process any more.
sealed class Interruption
#pragma warning restore CA1001
{
    /// <summary>What shells add to a signal's number to make an exit status of it.</summary>
    private const int SignalStatus = 128;

    /// <summary>What would be collected if nothing held it, and then the signals would be nobody's.</summary>
    private static readonly List<PosixSignalRegistration> s_registrations = [];

    private readonly CancellationTokenSource _source = new();
    private readonly CallOutcome _outcome;
    private int _first;

    private Interruption(CallOutcome outcome, bool isOurs)
    {
        _outcome = outcome;
        s_registrations.AddRange(
            from signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]
            where isOurs && !ProcessSignals.IsIgnored(NumberOf(signal))
            select PosixSignalRegistration.Create(signal, Handle)
        );
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>130, 143 or 129 once there was a signal; null before.</summary>
    public int? ExitStatus => _first == 0 ? null : SignalStatus + _first;

    /// <summary>Takes the signals over. One that the caller has set to be ignored (nohup(1)) stays so.</summary>
    /// <param name="outcome">What the call has done so far.</param>
    /// <param name="isOurs">False where the verb does something else with signals.</param>
    public static Interruption Watch(CallOutcome outcome, bool isOurs) => new(outcome, isOurs);

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        int number = NumberOf(context.Signal);
        if (Interlocked.CompareExchange(ref _first, number, 0) == 0)
        {
            if (_outcome.Left.Count > 0)
            {
                Say(
                    "interrupted: rolling back; a second signal leaves that to the next call of sysctr, or the next boot"
                );
            }

            _source.Cancel();
            return;
        }

        Say($"interrupted again; {_outcome.Describe()}");
        ProcessSignals.Exit(SignalStatus + _first);
    }

    /// <summary>Nobody may be listening any more; that must not keep a roll-back from its end.</summary>
    private void Say(string line)
    {
        try
        {
            Terminal.Report(line);
        }
        catch (IOException)
        {
            // The terminal is gone.
        }
    }

    private static int NumberOf(PosixSignal signal) =>
        signal switch
        {
            PosixSignal.SIGINT => ProcessSignals.Interrupt,
            PosixSignal.SIGTERM => ProcessSignals.Terminate,
            _ => ProcessSignals.HangUp,
        };
}
