// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>What an update that is not done leaves in the record of the deployment in use: which image waits, or was
/// not well.</summary>
sealed class UpdateMarks(Host host, Action<string> note)
{
    /// <summary>
    /// Holds updates whose image gained a right that nobody granted: nothing changes but the record of the deployment
    /// in use, which says what waits. The same image is held, and told to the history, once.
    /// </summary>
    /// <exception cref="SysctrException">Policy: one is held, so none of these is done.</exception>
    public void RefuseGains(
        IReadOnlyList<(ContainerRecord Before, ContainerRecord After)> updates,
        UpdateRequest request,
        HistoryOrigin origin
    )
    {
        RightsGate gate = new(host);
        (ContainerRecord Before, ContainerRecord After, RightsVerdict Verdict)[] held =
        [
            .. updates
                .Select(u => (u.Before, u.After, gate.JudgeUpdate(u.Before, u.After)))
                .Where(u => !u.Item3.IsFree),
        ];
        if (held.Length == 0)
        {
            return;
        }

        SysctrException[] refusals =
        [
            .. held.Select(h => RightsGate.Refusal($"updating '{h.Before.Name}'", h.After.Image, h.Verdict)),
        ];
        SysctrException refusal =
            refusals.Length == 1
                ? refusals[0]
                : new SysctrException(
                    ErrorKind.Policy,
                    string.Join('\n', refusals.Select(r => r.Message)),
                    refusals[0].Hint
                );
        // With the same image it is what the caller asks for that is refused; no update waits.
        foreach (
            (ContainerRecord before, ContainerRecord after, RightsVerdict verdict) in held.Where(h =>
                h.Before.ManifestDigest != h.After.ManifestDigest
            )
        )
        {
            HeldUpdate now = RightsGate.HeldBy(before, after, verdict);
            bool isNews =
                before.Held is not { } known
                || known.Digest != now.Digest
                || known.Image != now.Image
                || !known.Rights.SequenceEqual(now.Rights);
            if (isNews)
            {
                host.History.Held(before, after, now, origin, refusal);
            }

            // An image that somebody only tried to go on with is not what the container waits for.
            if (isNews && request.Rebase is null)
            {
                RecordChange.Make(host, before, before with { Held = now });
            }
        }

        host.History.Recorded(
            refusal,
            held.Where(h => h.Before.ManifestDigest != h.After.ManifestDigest).Select(h => h.Before.Name)
        );
        throw refusal;
    }

    /// <summary>An image that was not well is not tried again every night: it stays the same image.</summary>
    public void Failed(IReadOnlyList<ContainerChange> changes, SysctrException why)
    {
        // Of several only those whose units the failure names are known to be its cause.
        foreach (
            ContainerChange change in changes
                .Where(c => !c.Before!.HasImagesOf(c.After!))
                .Where(c =>
                    changes.Count == 1 || c.After!.UnitNames.Any(u => why.Message.Contains(u, StringComparison.Ordinal))
                )
        )
        {
            ContainerRecord before = change.Before!;
            try
            {
                RecordChange.Make(
                    host,
                    before,
                    before with
                    {
                        Failed = new FailedUpdate(
                            change.After!.Image,
                            change.After.ManifestDigest,
                            DateTimeOffset.UtcNow,
                            OneLine.Of(why.Message)
                        )
                        {
                            Mounted =
                                change.After.MountedImages.Count == 0
                                    ? null
                                    : [.. change.After.MountedImages.Select(m => m.ManifestDigest)],
                        },
                    }
                );
                if (before.AutoUpdate == AutoUpdatePolicy.Registry)
                {
                    note(
                        $"{before.Name}: automatic updates pass over this image now; 'sysctr update {before.Name}' tries it again"
                    );
                }
            }
            catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
            {
                note($"{before.Name}: warning: keeping in mind that the update failed: {e.Message}");
            }
        }
    }
}
