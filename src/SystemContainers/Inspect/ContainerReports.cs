// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Inspect;

/// <summary>What <c>list</c>, <c>info</c> and <c>images list</c> show: the records, joined with what systemd says
/// now.</summary>
sealed class ContainerReports(Host host)
{
    /// <summary>Every installed container, by name.</summary>
    /// <param name="all">The deployments that are not in use too, below the one that is.</param>
    /// <param name="cancellation">Ends the wait for systemd, which is asked for all of them at once.</param>
    public async Task<IReadOnlyList<ContainerReport>> ListAsync(bool all, CancellationToken cancellation)
    {
        IReadOnlyList<ContainerRecord> installed = [.. host.Catalog.List(e => host.Note($"warning: {e.Message}"))];
        string[] units = host.Systemd.IsBooted ? [.. installed.Select(r => r.MainUnit)] : [];
        Dictionary<string, UnitState> states = (await host.Systemd.GetStatesAsync(units, cancellation)).ToDictionary(
            s => s.Name,
            StringComparer.Ordinal
        );
        IReadOnlyDictionary<string, string> files = await host.Systemd.GetFileStatesAsync(units, cancellation);
        return
        [
            .. from current in installed
            from record in all ? Deployments(current) : [current]
            select new ContainerReport(
                record.Name,
                record.Image,
                record.ImageId.ToString(),
                record.Deployment,
                record == current,
                record.Pinned,
                record == current ? states.GetValueOrDefault(record.MainUnit)?.ActiveState ?? Unknown : "-",
                record == current
                    ? files.GetValueOrDefault(record.MainUnit) ?? (host.Systemd.IsBooted ? "" : Unknown)
                    : "-",
                record.Runtime,
                record.InstalledAt,
                record.AutoUpdate,
                record == current ? record.Held : null,
                record == current ? record.Failed : null
            ),
        ];
    }

    private IEnumerable<ContainerRecord> Deployments(ContainerRecord current) =>
        host
            .Catalog.Numbers(current.Name)
            .Where(n => n != current.Deployment)
            .OrderDescending()
            .Select(n => host.Catalog.Find(current.Name, n))
            .OfType<ContainerRecord>()
            .Prepend(current);

    /// <summary>All that is known of one container.</summary>
    /// <exception cref="Errors.SysctrException">NotFound: it is not installed.</exception>
    public async Task<ContainerDetails> DetailsAsync(string name, CancellationToken cancellation)
    {
        ContainerRecord record = host.Catalog.Get(name);
        UnitStatus? unit = host.Systemd.IsBooted
            ? await host.Systemd.GetStatusAsync(record.MainUnit, cancellation)
            : null;
        ImageRecord[] pulled =
        [
            .. host.OpenStore()
                .Images.List()
                .Where(i => i.ManifestDigest == record.ManifestDigest)
                .OrderByDescending(i => i.Reference == record.Image),
        ];
        return new ContainerDetails
        {
            Name = record.Name,
            Image = record.Image,
            ImageId = record.ImageId.ToString(),
            ManifestDigest = record.ManifestDigest.ToString(),
            MountedImages =
            [
                .. record
                    .MountedImages.Index()
                    .Select(m => new MountedImageReport(
                        m.Item.Name,
                        m.Item.Image,
                        m.Item.ImageId.ToString(),
                        m.Item.ManifestDigest.ToString(),
                        Path.Join(host.Deployment(record.Name, record.Deployment).OnHost, MountedTrees.NameOf(m.Index)),
                        [.. record.Settings.Spec.Images.Where(i => i.Image == m.Item.Name).Select(i => i.Destination)]
                    )),
            ],

            // What was required, and proved, of another name says nothing of this one; what an author says of the image
            // is said of its digest.
            Proofs = pulled.FirstOrDefault(i => i.Reference == record.Image)?.Proofs ?? [],
            Attestations = [.. (pulled.FirstOrDefault()?.Attestations ?? []).Select(a => a.ToString())],
            Seal = pulled.FirstOrDefault()?.Seal,
            Deployment = record.Deployment,
            Directory = host.Deployment(record.Name, record.Deployment).OnHost,
            Runtime = record.Runtime,
            Composefs = record.Composefs,
            InstalledAt = record.InstalledAt,
            AutoUpdate = record.AutoUpdate,
            State = unit?.ActiveState ?? Unknown,
            SubState = unit?.SubState ?? Unknown,
            MainPid = unit?.MainPid ?? 0,
            Enabled = unit?.UnitFileState ?? Unknown,
            Files =
            [
                .. record
                    .HostFiles.Concat(record.Units)
                    .Append(record.Tmpfiles)
                    .OfType<InstalledFile>()
                    .Select(f => f.Path),
            ],
            StateDirectories = record.StateDirectories,
            Rights = RightReport.Of(record.Rights ?? new ContainerRights(host).OfDeployment(record)),
            Grants = record.Grants,
            Held = record.Held,
            Failed = record.Failed,
            Set = record.Set,
            Options = record.Settings.Values,
            Declared = record.Declared,
            Values = record.Values,
            Labels = record.Labels,
        };
    }

    private const string Unknown = "unknown";
}
