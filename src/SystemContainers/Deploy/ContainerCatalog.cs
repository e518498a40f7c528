using SystemContainers.Errors;

namespace SystemContainers.Deploy;

/// <summary>What is installed: the records below <c>deployments/</c>. Reads only; needs no lock, for records are replaced whole.</summary>
/// <param name="storeHere">The store as this process sees it.</param>
sealed class ContainerCatalog(string storeHere)
{
    private string Root => Path.Join(storeHere, "deployments");

    /// <summary>The record of every container's current deployment, by name.</summary>
    public IReadOnlyList<ContainerRecord> List() =>
        Directory.Exists(Root)
            ? [.. Directory.GetDirectories(Root).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal).Select(Find).OfType<ContainerRecord>()]
            : [];

    /// <summary>The record of the container's current deployment; null where none of that name is installed.</summary>
    /// <exception cref="SysctrException">Corrupt: its record can't be read.</exception>
    public ContainerRecord? Find(string name)
    {
        string? number = Current(name);
        return number is null ? null : DeployJson.Read(Path.Join(Root, name, number, "info.json"), DeployJson.Default.ContainerRecord);
    }

    /// <summary>Whether a container of that name has a current deployment.</summary>
    public bool IsInstalled(string name) => Current(name) is not null;

    /// <summary>As <see cref="Find"/>, for a container that must be there.</summary>
    /// <exception cref="SysctrException">NotFound: it is not.</exception>
    public ContainerRecord Get(string name) =>
        Find(ContainerName.Check(name)) ??
        throw new SysctrException(
            ErrorKind.NotFound, $"there is no container '{name}'", "'sysctr list' shows what is installed");

    private string? Current(string name) => new FileInfo(Path.Join(Root, name, "current")).LinkTarget;
}
