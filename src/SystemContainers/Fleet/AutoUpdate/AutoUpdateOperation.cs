// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Verbs;

namespace SystemContainers.Fleet.AutoUpdate;

/// <summary>
/// Updates the containers whose policy says so, for a timer: one that fails is as it was and keeps no other from its
/// update.
/// </summary>
sealed class AutoUpdateOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>Looks at each container in turn.</summary>
    /// <param name="dryRun">Asks the registries and changes nothing.</param>
    /// <param name="cancellation">Ends it; what was updated stays so.</param>
    /// <returns>A report for each container with a policy other than disabled, by name.</returns>
    public async Task<IReadOnlyList<AutoUpdateReport>> RunAsync(bool dryRun, CancellationToken cancellation)
    {
        if (!dryRun)
        {
            await host.RecoverAsync(cancellation);
        }

        List<AutoUpdateReport> reports = [];
        IReadOnlyList<ContainerRecord> containers = host.Catalog.List(e => note($"warning: {e.Message}"));
        foreach (ContainerRecord record in containers.Where(c => c.AutoUpdate == AutoUpdatePolicy.Registry))
        {
            cancellation.ThrowIfCancellationRequested();
            AutoUpdateReport report = new(
                record.Name,
                record.MainUnit,
                record.Image,
                record.AutoUpdate,
                AutoUpdateResult.Current
            );
            reports.Add(
                await TryAsync(
                    report,
                    () =>
                        dryRun
                            ? LookAsync(report, record, cancellation)
                            : host.History.RunAsync(
                                "update",
                                [record.Name],
                                _ => LookAsync(report, record, cancellation)
                            )
                )
            );
        }

        return dryRun ? reports : await UpdateAsync(reports, cancellation);
    }

    /// <summary>Updates those that are pending: all in one turn of this host, where it goes by a semaphore.</summary>
    private async Task<IReadOnlyList<AutoUpdateReport>> UpdateAsync(
        List<AutoUpdateReport> reports,
        CancellationToken cancellation
    )
    {
        FleetUpdate fleet = new(host, progress, note);
        string[] pending = [.. reports.Where(r => r.Result == AutoUpdateResult.Pending).Select(r => r.Name)];
        if (pending.Length == 0)
        {
            // Whether one that can't be looked at is up to date, nobody knows.
            if (reports.Count > 0 && reports.All(r => r.Result != AutoUpdateResult.Failed))
            {
                await fleet.SkipAsync(cancellation);
            }

            return reports;
        }

        Dictionary<string, AutoUpdateReport> done = new(StringComparer.Ordinal);
        SysctrException? refused = null;
        try
        {
            await host.History.RunAsync(
                "update",
                pending,
                _ => fleet.RunAsync(pending, new UpdateRequest(), UpdateEachAsync, cancellation)
            );
        }
        catch (Exception e) when ((refused = HostFailure.Understand(e)) is not null)
        {
            // It had no turn.
        }

        return
        [
            .. reports.Select(r =>
                r.Result != AutoUpdateResult.Pending
                    ? r
                    : done.GetValueOrDefault(r.Name)
                        ?? (refused is null ? r with { Result = AutoUpdateResult.Current } : NotUpdated(r, refused))
            ),
        ];

        async Task<int> UpdateEachAsync(UpdateOperation update)
        {
            foreach (AutoUpdateReport report in reports.Where(r => r.Result == AutoUpdateResult.Pending))
            {
                cancellation.ThrowIfCancellationRequested();
                done[report.Name] = await TryAsync(
                    report,
                    async () =>
                        report with
                        {
                            Result =
                                await update.RunAsync([report.Name], new UpdateRequest(), cancellation) > 0
                                    ? AutoUpdateResult.Updated
                                    : AutoUpdateResult.Current,
                        }
                );
            }

            return done.Values.Count(r => r.Result == AutoUpdateResult.Updated);
        }
    }

    /// <summary>Nobody sits before it at night: whatever it is that a container meets, also a defect of ours, the
    /// others have their turn.</summary>
    private async Task<AutoUpdateReport> TryAsync(AutoUpdateReport report, Func<Task<AutoUpdateReport>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return NotUpdated(
                report,
                HostFailure.Understand(e)
                    ?? new SysctrException(
                        ErrorKind.Failed,
                        $"updating {report.Name}: a defect of sysctr: {e.GetType().Name}: {e.Message}",
                        inner: e
                    )
            );
        }
    }

    /// <summary>Held, where the failure is that its image gained a right; else failed.</summary>
    private AutoUpdateReport NotUpdated(AutoUpdateReport report, SysctrException failure) =>
        failure.Kind == ErrorKind.Policy && HeldOf(report.Name) is { } held
            ? Waiting(report, held)
            : Failed(report, failure);

    private HeldUpdate? HeldOf(string name)
    {
        try
        {
            return host.Catalog.Find(name)?.Held;
        }
        catch (SysctrException)
        {
            return null;
        }
    }

    private AutoUpdateReport Waiting(AutoUpdateReport report, HeldUpdate held) =>
        report with
        {
            Result = AutoUpdateResult.Held,
            Reason = TypedWords.For(
                host.Paths.TypedOptions,
                $"its image gained {RightsText.Joined(held.Rights)}; 'sysctr update {RightsText.Options(held.Classes)} {report.Name}' lets it"
            ),
            ExitCode = (int)ErrorKind.Policy,
        };

    /// <summary>Told, but no failure of this night.</summary>
    private AutoUpdateReport PassedOver(AutoUpdateReport report, FailedUpdate failed) =>
        report with
        {
            Reason =
                $"the update to {failed.Digest} failed at {failed.At.LocalDateTime:yyyy-MM-dd HH:mm} ({failed.Reason}); {TypedWords.For(host.Paths.TypedOptions, $"'sysctr update {report.Name}'")} tries it again",
        };

    private static AutoUpdateReport Failed(AutoUpdateReport report, SysctrException failure) =>
        report with
        {
            Result = AutoUpdateResult.Failed,
            Reason = failure.Hint is { } hint ? $"{failure.Message}; {hint}" : failure.Message,
            ExitCode = (int)failure.Kind,
        };

    private async Task<AutoUpdateReport> LookAsync(
        AutoUpdateReport report,
        ContainerRecord record,
        CancellationToken cancellation
    )
    {
        report = report with { Result = await CompareAsync(record, cancellation) };
        return report.Result != AutoUpdateResult.Held ? report
            : record.Held is { } held && !WasLeft(record, held.Digest) ? Waiting(report, held)
            : record.Failed is { } failed && !WasLeft(record, [failed.Digest, .. failed.Mounted ?? []])
                ? PassedOver(report, failed)
            : report;
    }

    /// <summary>Current, Pending or Held: a night without news costs a request for each image of each
    /// container.</summary>
    private async Task<AutoUpdateResult> CompareAsync(ContainerRecord record, CancellationToken cancellation)
    {
        ImagePuller puller = host.Puller(progress);
        List<Digest> found = [];
        foreach (ImageRecord image in record.Images)
        {
            found.Add(await puller.FindAsync(host.Registries.Resolve(image.Reference), Platform.Current, cancellation));
        }

        Digest there = found[0];
        if (found.SequenceEqual(record.Images.Select(i => i.ManifestDigest)))
        {
            // An update that was held is no more to be had: the record forgets it.
            return record.Held is null ? AutoUpdateResult.Current : AutoUpdateResult.Pending;
        }

        return
            WasLeft(record, found)
            || record.Failed?.IsOf(found) == true
            || (record.Held is { } held && held.Digest == there && new RightsGate(host).IsStillHeld(record, held))
            ? AutoUpdateResult.Held
            : AutoUpdateResult.Pending;
    }

    /// <summary>Whether somebody has rolled back from these images: tonight's update must not undo it.</summary>
    private bool WasLeft(ContainerRecord current, IReadOnlyList<Digest> manifests) =>
        Later(current).Any(r => r.Images.Select(i => i.ManifestDigest).SequenceEqual(manifests));

    private bool WasLeft(ContainerRecord current, Digest manifest) =>
        Later(current).Any(r => r.ManifestDigest == manifest);

    private IEnumerable<ContainerRecord> Later(ContainerRecord current) =>
        host
            .Catalog.Numbers(current.Name)
            .Where(n => n > current.Deployment)
            .Select(n => host.Catalog.Find(current.Name, n))
            .OfType<ContainerRecord>();
}
