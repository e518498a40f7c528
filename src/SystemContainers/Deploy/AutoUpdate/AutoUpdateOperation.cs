using SystemContainers.Deploy.Fleet;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Trust;

namespace SystemContainers.Deploy;

/// <summary>
/// Updates the containers whose policy says so, for a timer: one that fails is as it was and keeps no other from its update.
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
        foreach (ContainerRecord record in host.Catalog.List().Where(c => c.AutoUpdate == AutoUpdatePolicy.Registry))
        {
            cancellation.ThrowIfCancellationRequested();
            AutoUpdateReport report = new(record.Name, record.MainUnit, record.Image, record.AutoUpdate, AutoUpdateResult.Current);
            try
            {
                reports.Add(report with { Result = await LookAtAsync(record, dryRun, cancellation) });
            }
            catch (Exception e) when ((e as SysctrException ?? HostFailure.Understand(e)) is { } failure)
            {
                reports.Add(report with { Result = AutoUpdateResult.Failed, Reason = failure.Message, ExitCode = (int)failure.Kind });
            }
        }

        return reports;
    }

    private Task<AutoUpdateResult> LookAtAsync(ContainerRecord record, bool dryRun, CancellationToken cancellation) =>
        dryRun
            ? CompareAsync(record, cancellation)
            : host.History.RunAsync("update", [record.Name], async _ =>
            {
                AutoUpdateResult compared = await CompareAsync(record, cancellation);
                return compared == AutoUpdateResult.Pending && await UpdateAsync(record.Name, cancellation) ? AutoUpdateResult.Updated
                    : compared == AutoUpdateResult.Pending ? AutoUpdateResult.Current
                    : compared;
            });

    private async Task<bool> UpdateAsync(string name, CancellationToken cancellation) =>
        await new FleetUpdate(host, progress, note).RunAsync([name], new UpdateRequest(), cancellation) > 0;

    /// <summary>Current, Pending or Held: a night without news costs a request for each container.</summary>
    private async Task<AutoUpdateResult> CompareAsync(ContainerRecord record, CancellationToken cancellation)
    {
        ImagePuller puller = new(host.Registries, CredentialStore.OfUser(host.Registries), SignaturePolicy.Load(host.User), progress, PullOptions.Of(host.User));
        Digest there = await puller.FindAsync(host.Registries.Resolve(record.Image), Platform.Current, cancellation);
        return there == record.ManifestDigest ? AutoUpdateResult.Current
            : WasLeft(record, there) ? AutoUpdateResult.Held
            : AutoUpdateResult.Pending;
    }

    /// <summary>Whether somebody has rolled back from that image: tonight's update must not undo it.</summary>
    private bool WasLeft(ContainerRecord current, Digest manifest) =>
        host.Catalog.Numbers(current.Name)
            .Where(n => n > current.Deployment)
            .Any(n => host.Catalog.Find(current.Name, n)?.ManifestDigest == manifest);
}
