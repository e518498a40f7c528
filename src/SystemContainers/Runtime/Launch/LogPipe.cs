// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Systemd.Journal;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Standard output and error that a payload can open by a path: a FIFO of systemd's (ListenFIFO=, systemd.socket(5)),
/// which starts cat(1) at the first line and has it write to the journal in the container's name. systemd holds the
/// FIFO open, so that nobody gets SIGPIPE when the reader is killed, and starts the next one. Only for images that need
/// it; both units are there while the container runs.
/// </summary>
static unsafe class LogPipe
{
    private const int DrainMilliseconds = 2000;
    private const int StepMilliseconds = 10;

    /// <summary>The FIFO of a start.</summary>
    /// <param name="bundle">The start's directory, which nobody else enters.</param>
    public static string PathOf(string bundle) => Path.Join(bundle, "log");

    /// <summary>Makes the units, and the FIFO this process's standard output and error, which the runtime hands on to
    /// the payload.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="bundle">Its directory.</param>
    /// <param name="id">The runtime's name for the container.</param>
    /// <param name="unit">The container's unit.</param>
    /// <param name="identifier">Whom the journal names as the speaker.</param>
    /// <exception cref="SysctrException">Host: systemd does not make it.</exception>
    public static void Open(JsonObject document, string bundle, string id, string unit, string identifier)
    {
        if (StartAnnotations.Lines(document, StartAnnotations.Log).Count == 0)
        {
            return;
        }

        string pipe = PathOf(bundle);
        Stop(id);
        string[] options =
        [
            $"--unit={Unit(id)}",
            $"--description=Log of the container {id}",
            $"--socket-property=ListenFIFO={pipe}",
            "--socket-property=SocketMode=0622",
            "--socket-property=RemoveOnStop=yes",
            "--socket-property=DefaultDependencies=no",
            "--socket-property=TriggerLimitIntervalSec=0",
            "--socket-property=LogLevelMax=warning",
            "--property=DefaultDependencies=no",
            "--property=StartLimitIntervalSec=0",
            "--property=StandardInput=socket",
            "--property=StandardOutput=journal",
            "--property=StandardError=journal",
            // A user's manager may not take what its services never had (prctl(2), PR_CAPBSET_DROP), and fails there.
            .. Libc.geteuid() == 0 ? (string[])["--property=CapabilityBoundingSet="] : [],
            "--property=NoNewPrivileges=yes",
            .. CompanionUnits.SpeakingFor(unit, identifier),
        ];
        if (CompanionUnits.Run(options, ["cat"]) != 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"starting {id}: systemd does not make {pipe} for its log",
                "'sysctr update --log-pipe=no NAME' goes without; what opens /dev/stdout fails then"
            );
        }

        using SafeFileHandle handle = Libc.open(pipe, OpenFlags.WriteOnly | OpenFlags.CloseOnExec, 0);
        if (handle.IsInvalid)
        {
            throw LinuxException.Last("open", pipe);
        }

        // The copies have no FD_CLOEXEC.
        foreach (int standard in (int[])[1, 2])
        {
            if (Libc.dup2((int)handle.DangerousGetHandle(), standard) < 0)
            {
                throw LinuxException.Last("dup2", pipe);
            }
        }
    }

    /// <summary>Takes the units away when all that was written has been read; whether there were any does not
    /// matter.</summary>
    public static void Close(string bundle, string id)
    {
        string pipe = PathOf(bundle);
        if (!File.Exists(pipe))
        {
            return;
        }

        using (
            SafeFileHandle handle = Libc.open(pipe, OpenFlags.ReadOnly | OpenFlags.NonBlock | OpenFlags.CloseOnExec, 0)
        )
        {
            for (
                int waited = 0;
                !handle.IsInvalid && waited < DrainMilliseconds && HasMore(handle);
                waited += StepMilliseconds
            )
            {
                Thread.Sleep(StepMilliseconds);
            }
        }

        Stop(id);
    }

    private static bool HasMore(SafeFileHandle handle)
    {
        pollfd ready = new() { fd = (int)handle.DangerousGetHandle(), events = Libc.POLLIN };
        return Libc.poll(&ready, 1, 0) > 0 && (ready.revents & Libc.POLLIN) != 0;
    }

    private static string Unit(string id) => JournalMatches.LogUnit + id;

    private static void Stop(string id) => CompanionUnits.Stop(Unit(id) + ".socket", Unit(id) + ".service");
}
