// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Fsck.Findings;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Fsck;

/// <summary>What a deployment has on the host, and the copies that it keeps of that.</summary>
sealed class HostCheck(HostTarget host, FindingLog log)
{
    /// <summary>Files of the host that are gone.</summary>
    public List<InstalledFile> Missing { get; } = [];

    /// <summary>Files whose copies in the deployment are not as they were.</summary>
    public List<InstalledFile> Altered { get; } = [];

    private static readonly string[] s_dependencies = ["*.wants", "*.requires", "*.upholds"];

    /// <summary>Compares the copies in the deployment, which a rollback needs, with the record.</summary>
    public void CheckKept(ContainerRecord record)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        foreach (InstalledFile file in record.AllFiles)
        {
            string kept = directory.KeptFile(file.Path);
            Digest? there = HostFileFacts.DigestOf(kept);
            if (there != file.Sha256)
            {
                Altered.Add(file);
                log.Error(
                    FindingKind.CorruptDeployment,
                    kept,
                    there is null ? "is missing" : "was altered",
                    "'sysctr fsck --repair' takes it from the host, if it is there unedited"
                );
            }
        }
    }

    /// <summary>Compares the host with the record of the deployment in use.</summary>
    public void CheckHost(ContainerRecord record)
    {
        foreach (InstalledFile file in record.AllFiles)
        {
            string path = host.Here(file.Path);
            Digest? there = HostFileFacts.DigestOf(path);
            if (there is null)
            {
                Missing.Add(file);
                log.Error(FindingKind.MissingFile, path, $"is missing; {record.Name} has it", FsckAdvice.Repair);
            }
            else if (there != file.Sha256)
            {
                log.Note(FindingKind.EditedFile, path, "was edited since it was installed");
            }

            CheckLeftovers(path);
        }

        foreach (string unit in record.Enabled.Where(u => !IsEnabled(u)))
        {
            log.Note(
                FindingKind.NotEnabled,
                host.Here(Path.Join(host.Paths.UnitDirectory, unit)),
                "is not enabled",
                $"'systemctl {(host.User is null ? "" : "--user ")}enable {unit}', if nobody meant that"
            );
        }
    }

    private void CheckLeftovers(string path)
    {
        string directory = Path.GetDirectoryName(path)!;
        foreach (
            string leftover in Directory.Exists(directory)
                ? Directory.EnumerateFiles(directory, $".{Path.GetFileName(path)}.*")
                : []
        )
        {
            if (DurableFile.IsAbandoned(Path.GetFileName(leftover)))
            {
                log.Note(FindingKind.Leftover, leftover, "is what a killed process was writing", FsckAdvice.Remove);
            }
        }
    }

    /// <summary>Whether any link of the administrator's directory leads to the unit: of a dependency, or by another
    /// name.</summary>
    private bool IsEnabled(string unit)
    {
        string units = host.Here(host.Paths.UnitDirectory);
        if (!Directory.Exists(units))
        {
            return false;
        }

        // An instance NAME@x.service is a link to NAME@.service.
        IEnumerable<string> links = s_dependencies
            .SelectMany(d => Directory.EnumerateDirectories(units, d))
            .SelectMany(Directory.EnumerateFiles)
            .Concat(Directory.EnumerateFiles(units));
        return links.Any(l => new FileInfo(l).LinkTarget is { } target && Path.GetFileName(target) == unit);
    }
}
