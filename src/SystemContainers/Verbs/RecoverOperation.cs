// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>Ends what a crash has left, and nothing else; what <c>sysctr-recover.service</c> does before anything that
/// we manage starts.</summary>
sealed class RecoverOperation(Host host)
{
    private const string BootTarget = "default.target";

    /// <summary>Recovers. On a host that is only just booting, systemd then reads what was changed, and starts what
    /// this boot had missed.</summary>
    /// <exception cref="SysctrException">The first that could not be ended; the others were.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        bool pending = host.Transactions.Any;
        if (host.Options.IsBooting && host.User is not null && !pending)
        {
            // Each login comes here where $XDG_DATA_HOME is set, and has no namespace to tidy up in.
            return;
        }

        IReadOnlyList<SysctrException> failures = await new Recovery(host).RunAsync(
            start: !host.Options.IsBooting,
            cancellation
        );
        if (pending && host.Options.IsBooting)
        {
            await SystemctlAsync(["daemon-reload"], cancellation);
            await RequeueAsync(cancellation);
        }

        if (failures.Count > 0)
        {
            throw new SysctrException(failures[0].Kind, failures[0].Message, "the next call tries again", failures[0]);
        }
    }

    /// <summary>
    /// The jobs of this boot were queued by the unit files and links as the crash had left them. Asked for again, the
    /// target pulls in what was missing. Never waits: the target comes after the service that this runs in.
    /// </summary>
    private async Task RequeueAsync(CancellationToken cancellation)
    {
        ProcessResult job = await SystemctlAsync(["show", "--property=Job", "--value", BootTarget], cancellation);
        if (job.Output.Trim() is not ("" or "0"))
        {
            await SystemctlAsync(["start", "--no-block", BootTarget], cancellation);
        }
    }

    /// <summary>systemctl of root, or of a user for the own systemd, talks to systemd itself, without D-Bus, which is
    /// not there yet.</summary>
    private async Task<ProcessResult> SystemctlAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        arguments = host.User is null ? arguments : ["--user", .. arguments];
        ProcessResult result = await ProcessRunner.RunAsync("systemctl", arguments, cancellation);
        return result.ExitCode == 0
            ? result
            : throw new SysctrException(
                ErrorKind.Unit,
                $"systemctl {string.Join(' ', arguments)}: {result.Error.Trim()}"
            );
    }
}
