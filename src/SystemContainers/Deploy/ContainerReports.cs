using SystemContainers.Deploy.Rights;
using SystemContainers.Register;

namespace SystemContainers.Deploy;

/// <summary>What <c>list</c>, <c>info</c> and <c>images list</c> show: the records, joined with what systemd says now.</summary>
sealed class ContainerReports(Host host)
{
    /// <summary>Every installed container, by name.</summary>
    /// <param name="all">The deployments that are not in use too, below the one that is.</param>
    public IReadOnlyList<ContainerReport> List(bool all) =>
    [
        .. from current in host.Catalog.List(e => host.Note($"warning: {e.Message}"))
           from record in all ? Deployments(current) : [current]
           let unit = record == current ? Status(record) : null
           select new ContainerReport(
               record.Name,
               record.Image,
               record.ImageId.ToString(),
               record.Deployment,
               record == current,
               record.Pinned,
               record == current ? unit?.ActiveState ?? Unknown : "-",
               record == current ? unit?.UnitFileState ?? Unknown : "-",
               record.Runtime,
               record.InstalledAt,
               record.AutoUpdate,
               record == current ? record.Held : null),
    ];

    private IEnumerable<ContainerRecord> Deployments(ContainerRecord current) =>
        host.Catalog.Numbers(current.Name)
            .Where(n => n != current.Deployment)
            .OrderDescending()
            .Select(n => host.Catalog.Find(current.Name, n))
            .OfType<ContainerRecord>()
            .Prepend(current);

    /// <summary>All that is known of one container.</summary>
    /// <exception cref="Errors.SysctrException">NotFound: it is not installed.</exception>
    public ContainerDetails Details(string name)
    {
        ContainerRecord record = host.Catalog.Get(name);
        UnitStatus? unit = Status(record);
        return new ContainerDetails
        {
            Name = record.Name,
            Image = record.Image,
            ImageId = record.ImageId.ToString(),
            ManifestDigest = record.ManifestDigest.ToString(),
            Deployment = record.Deployment,
            Directory = host.Deployment(record.Name, record.Deployment).OnHost,
            Runtime = record.Runtime,
            InstalledAt = record.InstalledAt,
            AutoUpdate = record.AutoUpdate,
            State = unit?.ActiveState ?? Unknown,
            SubState = unit?.SubState ?? Unknown,
            MainPid = unit?.MainPid ?? 0,
            Enabled = unit?.UnitFileState ?? Unknown,
            Files = [.. record.HostFiles.Concat(record.Units).Append(record.Tmpfiles).OfType<InstalledFile>().Select(f => f.Path)],
            StateDirectories = record.StateDirectories,
            Rights = RightReport.Of(record.Rights ?? new ContainerRights(host).OfDeployment(record)),
            Grants = record.Grants,
            Held = record.Held,
            Set = record.Set,
            Values = record.Values,
            Labels = record.Labels,
        };
    }

    private const string Unknown = "unknown";

    private UnitStatus? Status(ContainerRecord record) =>
        host.Systemd.IsBooted ? host.Systemd.GetStatus(record.MainUnit) : null;
}
