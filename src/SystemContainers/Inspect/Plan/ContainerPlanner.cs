// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Inspect.Diff;
using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Inspect.Plan;

/// <summary>What a change of one container does to the host as it is now; reads only.</summary>
sealed class ContainerPlanner(Host host)
{
    /// <param name="action">What is done.</param>
    /// <param name="before">The deployment in use; null for an install.</param>
    /// <param name="after">The deployment to come; null for an uninstall.</param>
    /// <param name="prepared">The same, where it is not on disk yet.</param>
    /// <param name="cancellation">Ends questions to systemd and the package manager.</param>
    public async Task<ContainerPlan> PlanAsync(
        PlanAction action,
        ContainerRecord? before,
        ContainerRecord? after,
        PreparedContainer? prepared,
        CancellationToken cancellation
    )
    {
        string[] enabled = [.. after?.Enabled ?? []];
        string[] wasEnabled = [.. before?.Enabled ?? []];
        HashSet<string> wanted = (after?.HostDirectories ?? []).Select(d => d.Path).ToHashSet(StringComparer.Ordinal);
        ContainerChange? change = before is null
            ? null
            : await new ContainerSwitch(host).PlanAsync(before, after ?? before, cancellation) with
            {
                After = after,
            };
        string[] stopped = change is null ? [] : [.. after is null ? change.Running : AffectedUnits.Stopped(change)];
        IReadOnlyDictionary<string, string>? old =
            before is null || after is null ? null : DeploymentView.Of(host, before).Texts;
        IReadOnlyDictionary<string, string>? texts = old is null
            ? null
            : (prepared is null ? DeploymentView.Of(host, after!) : DeploymentView.Of(prepared)).Texts;
        return new ContainerPlan
        {
            Name = (after ?? before)!.Name,
            Action = action,
            From = HistoryDeployment.Of(before),
            To = HistoryDeployment.Of(after),
            Files = await FilesAsync(before, after, old, texts, cancellation),
            ConfigChanged =
                old is not null
                && old.GetValueOrDefault(DeploymentView.Configuration)
                    != texts!.GetValueOrDefault(DeploymentView.Configuration),
            MadeDirectories =
            [
                .. (after?.HostDirectories ?? []).Select(d => d.Path).Where(d => !Directory.Exists(host.Here(d))),
            ],
            RemovedDirectories =
            [
                .. (before?.HostDirectories ?? [])
                    .Select(d => d.Path)
                    .Where(d => !wanted.Contains(d) && Directory.Exists(host.Here(d))),
            ],
            Enabled = [.. enabled.Except(wasEnabled, StringComparer.Ordinal)],
            Disabled = [.. wasEnabled.Except(enabled, StringComparer.Ordinal)],
            Stopped = stopped,
            Dependents = change?.Dependents ?? [],
            Started = change?.After is null
                ? []
                :
                [
                    .. AffectedUnits
                        .Started(change)
                        .Where(u => stopped.Contains(u) || !change.Running.Contains(u, StringComparer.Ordinal)),
                ],
            Values = after is null
                ? []
                :
                [
                    .. PlannedValue.Between(before?.Values, after.Values),
                    .. PlannedValue.Between(before?.Settings ?? Settings.ContainerSettings.None, after.Settings),
                    .. PlannedValue.Between(before?.MountedImages ?? [], after.MountedImages),
                ],
            StateDirectories = action switch
            {
                PlanAction.Install => after!.StateDirectories,
                PlanAction.Uninstall => [.. before!.StateDirectories.Where(d => Directory.Exists(host.Here(d)))],
                _ => [],
            },
            Warnings = prepared?.Rendered.Warnings ?? [],
            Rights = RightReport.Of(RightsOf(after)),
            Gained = RightReport.Of(
                before is null || after is null
                    ? RightsOf(after)
                    : new RightsGate(host).Gained(before, after with { Rights = RightsOf(after) })
            ),
        };
    }

    private IReadOnlyList<Right> RightsOf(ContainerRecord? record) =>
        record is null ? [] : record.Rights ?? new ContainerRights(host).OfDeployment(record);

    private async Task<IReadOnlyList<PlannedFile>> FilesAsync(
        ContainerRecord? before,
        ContainerRecord? after,
        IReadOnlyDictionary<string, string>? old,
        IReadOnlyDictionary<string, string>? texts,
        CancellationToken cancellation
    )
    {
        Dictionary<string, InstalledFile> known = (before?.AllFiles ?? []).ToDictionary(
            f => f.Path,
            StringComparer.Ordinal
        );
        HashSet<string> ownBefore = (before?.OwnFiles ?? []).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        List<PlannedFile> files = [];
        foreach (InstalledFile file in after?.AllFiles ?? [])
        {
            known.Remove(file.Path, out InstalledFile? replaced);
            bool own = after!.OwnFiles.Contains(file);
            Digest? there = HostFileFacts.DigestOf(host.Here(file.Path));
            PlannedFile planned = new(
                file.Path,
                KindOf(after, file),
                HostFileDecision.OnPut(there, file, replaced, own)
            )
            {
                DirectoryOnly =
                    replaced is not null
                    && replaced.Sha256 != file.Sha256
                    && old!.GetValueOrDefault(file.Path) == texts!.GetValueOrDefault(file.Path),
            };
            files.Add(
                replaced is null && there is not null
                    ? planned with
                    {
                        Action = HostFileAction.Taken,
                        Owner = await OwnerAsync(file.Path, cancellation),
                    }
                    : planned
            );
        }

        files.AddRange(
            known.Values.Select(gone => new PlannedFile(
                gone.Path,
                KindOf(before!, gone),
                HostFileDecision.OnRemove(
                    HostFileFacts.DigestOf(host.Here(gone.Path)),
                    gone,
                    ownBefore.Contains(gone.Path)
                )
            ))
        );
        return [.. files.OrderBy(f => f.Kind).ThenBy(f => f.Path, StringComparer.Ordinal)];
    }

    private async Task<string> OwnerAsync(string path, CancellationToken cancellation) =>
        host.Catalog.List(_ => { }).FirstOrDefault(c => c.AllFiles.Any(f => f.Path == path)) is { } container
            ? $"the container '{container.Name}'"
        : await PackageOwner.FindAsync(host.Root, path, cancellation) is { } package ? $"the package {package}"
        : "somebody else";

    private static PlannedFileKind KindOf(ContainerRecord record, InstalledFile file) =>
        file.Path == record.Tmpfiles?.Path ? PlannedFileKind.Tmpfiles
        : !record.OwnFiles.Contains(file) ? PlannedFileKind.HostFile
        : file.Path.EndsWith(".conf", StringComparison.Ordinal) ? PlannedFileKind.DropIn
        : PlannedFileKind.Unit;
}
