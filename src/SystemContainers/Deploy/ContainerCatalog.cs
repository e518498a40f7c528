using SystemContainers.Errors;
using SystemContainers.Render;

namespace SystemContainers.Deploy;

/// <summary>What is installed: the records below <c>deployments/</c>. Reads only; needs no lock, for records are replaced whole.</summary>
/// <param name="storeHere">The store as this process sees it.</param>
sealed class ContainerCatalog(string storeHere)
{
    private string Root => Path.Join(storeHere, "deployments");

    /// <summary>The names below <c>deployments/</c>, of installed containers and of what a dead process left.</summary>
    public IReadOnlyList<string> DirectoryNames() =>
        Directory.Exists(Root)
            ? [.. Directory.GetDirectories(Root).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)]
            : [];

    /// <summary>The numbers of a container's deployments, ascending.</summary>
    public IReadOnlyList<int> Numbers(string name) =>
        [.. Entries(name).Select(e => int.TryParse(e, out int number) ? number : -1).Where(n => n >= 0).Order()];

    /// <summary>The numbers of deployments that are being put together, or were when their process died.</summary>
    public IReadOnlyList<int> StagedNumbers(string name) =>
        [.. Entries(name).Where(e => e.StartsWith(DeploymentDirectory.StagedPrefix, StringComparison.Ordinal))
            .Select(e => int.Parse(e[DeploymentDirectory.StagedPrefix.Length..]))];

    /// <summary>The number of the deployment that was in use before the current one; null where there was none, or it is gone.</summary>
    public int? Previous(string name) =>
        int.TryParse(new FileInfo(Path.Join(Root, name, DeploymentDirectory.Previous)).LinkTarget, out int number) && Numbers(name).Contains(number)
            ? number
            : null;

    /// <summary>The record of one deployment, in use or not; null where there is none of that number.</summary>
    /// <exception cref="SysctrException">Corrupt: its record can't be read.</exception>
    public ContainerRecord? Find(string name, int number)
    {
        string file = Path.Join(Root, name, number.ToString(), "info.json");
        return File.Exists(file) ? DeployJson.Read(file, DeployJson.Default.ContainerRecord) : null;
    }

    /// <summary>The record of every container's current deployment, by name.</summary>
    public IReadOnlyList<ContainerRecord> List() =>
        [.. DirectoryNames().Select(name => Find(name)).OfType<ContainerRecord>()];

    /// <summary>The record of every deployment, in use or kept for a rollback.</summary>
    public IReadOnlyList<ContainerRecord> All() =>
        [.. DirectoryNames().SelectMany(name => Numbers(name).Select(number => Find(name, number))).OfType<ContainerRecord>()];

    /// <summary>The record of the container's current deployment; null where none of that name is installed.</summary>
    /// <exception cref="SysctrException">Corrupt: its record can't be read.</exception>
    public ContainerRecord? Find(string name)
    {
        string? number = Current(name);
        return number is null ? null : DeployJson.Read(Path.Join(Root, name, number, "info.json"), DeployJson.Default.ContainerRecord);
    }

    /// <summary>Whether a container of that name has a current deployment.</summary>
    public bool IsInstalled(string name) => Current(name) is not null;

    /// <summary>As <see cref="Find(string)"/>, for a container that must be there.</summary>
    /// <exception cref="SysctrException">NotFound: it is not.</exception>
    public ContainerRecord Get(string name) =>
        Find(ContainerName.Check(name)) ??
        throw new SysctrException(
            ErrorKind.NotFound, $"there is no container '{name}'", "'sysctr list' shows what is installed");

    private IEnumerable<string> Entries(string name)
    {
        string directory = Path.Join(Root, name);
        return Directory.Exists(directory) ? Directory.GetDirectories(directory).Select(d => Path.GetFileName(d)) : [];
    }

    private string? Current(string name) => new FileInfo(Path.Join(Root, name, "current")).LinkTarget;
}
