// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Linux.Files;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Launch;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Tree;

namespace SystemContainers.Fsck;

/// <summary>
/// Mends deployments. Each container is looked at once more under its lock, and what counts is what is wrong then: an
/// update, a reinstall or the administrator may have been there since it was found. A damaged rootfs is checked out
/// again beside its place and swapped in one step; what runs goes on in the old tree until it is restarted.
/// </summary>
sealed class DeploymentRepair(Host host, RepairLog log)
{
    /// <summary>Mends the containers that a look at everything has found something about.</summary>
    /// <returns>What was wrong when they were mended.</returns>
    public async Task<IReadOnlyList<Finding>> RunAsync(FsckPass found, CancellationToken cancellation)
    {
        List<Finding> now = [];
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        foreach (string name in host.Catalog.DirectoryNames())
        {
            cancellation.ThrowIfCancellationRequested();
            string directory = host.Deployment(name, 0).ContainerHere;
            if (
                !found.Findings.Any(f => IsBelow(f.Path, directory))
                && !found.Containers.Missing.Any(m => m.Record.Name == name)
            )
            {
                continue;
            }

            using ContainerLocks? held = host.Locks.TryLockContainers([name]);
            // What was begun and not ended is recovery's to end, and nobody else's to judge.
            if (held is null || !Directory.Exists(directory) || host.Transactions.Involve(name))
            {
                continue;
            }

            FindingLog findings = new();
            ContainerCheck check = new(host, host.OpenStore(), found.ReadsContent, findings);
            await check.RunAsync(name);
            now.AddRange(findings.Sorted());
            await MendAsync(name, check, findings.Sorted(), lease);
        }

        return now;
    }

    private async Task MendAsync(string name, ContainerCheck found, IReadOnlyList<Finding> findings, StoreLease lease)
    {
        foreach (Finding finding in findings)
        {
            string container = host.Deployment(name, 0).ContainerHere;
            switch (finding.Kind)
            {
                case FindingKind.DanglingCurrent when IsBelow(finding.Path, container):
                    Try(finding.Path, () => MendCurrent(name));
                    break;
                case FindingKind.OrphanDeployment when IsBelow(finding.Path, container) && finding.Path != container:
                    Try(finding.Path, () => Remove(finding.Path));
                    break;
                default:
                    break;
            }
        }

        foreach ((_, int number) in found.Lost)
        {
            DeploymentDirectory directory = host.Deployment(name, number);
            Try(directory.RecordFile, () => MendRecord(directory.RecordCopy, directory.RecordFile));
        }

        foreach ((_, int number) in found.Uncopied)
        {
            DeploymentDirectory directory = host.Deployment(name, number);
            Try(directory.RecordCopy, () => MendRecord(directory.RecordFile, directory.RecordCopy));
        }

        foreach (ContainerRecord record in found.Unconfigured)
        {
            DeploymentDirectory directory = host.Deployment(name, record.Deployment);
            await TryAsync(
                directory.ConfigFile,
                () => MendConfigAsync(record, lease, Path.Join(directory.Here, "rootfs"))
            );
        }

        foreach (ContainerRecord record in found.Damaged)
        {
            string here = host.Deployment(name, record.Deployment).Here;
            for (int number = 0; number < record.MountedImages.Count; number++)
            {
                int image = number;
                string tree = Path.Join(here, MountedTrees.NameOf(image));
                Try(tree, () => MendMounted(record, image, tree));
            }

            // After what is mounted on it: whether that is files or directories is looked up there.
            string rootfs = Path.Join(here, "rootfs");
            if (!Check().RunRoot(record))
            {
                Try(rootfs, () => MendRootfs(record, rootfs));
            }
        }

        foreach ((ContainerRecord record, InstalledFile file) in found.Altered)
        {
            string kept = host.Deployment(name, record.Deployment).KeptFile(file.Path);
            Try(kept, () => MendKept(kept, file));
        }

        // After the copies, for these are written from them.
        bool reload = false;
        foreach ((ContainerRecord record, InstalledFile file) in found.Missing)
        {
            string path = host.Here(file.Path);
            Try(
                path,
                () =>
                {
                    if (new HostFileSwitch(host).Restore(record, file))
                    {
                        log.Done(path, "written again");
                        reload = true;
                    }
                }
            );
        }

        if (reload && host.Systemd.IsBooted)
        {
            await host.Systemd.ReloadAsync(CancellationToken.None);
        }
    }

    /// <summary>The deployment in use is the one whose units the host has.</summary>
    private void MendCurrent(string name)
    {
        DeploymentDirectory directory = host.Deployment(name, 0);
        ContainerRecord[] used =
        [
            .. host
                .Catalog.Numbers(name)
                .Select(n => ContainerCheck.TryRead(host, name, n))
                .OfType<ContainerRecord>()
                .Where(IsOnHost),
        ];
        if (used.Length != 1)
        {
            log.Failed(
                directory.CurrentLink,
                used.Length == 0
                    ? "no deployment has the units that the host has"
                    : "several deployments have the units that the host has"
            );
            return;
        }

        DurableFile.WriteLink(directory.CurrentLink, used[0].Deployment.ToString());
        log.Done(directory.CurrentLink, $"names {used[0].Deployment} again, whose units the host has");
    }

    private bool IsOnHost(ContainerRecord record) =>
        record.OwnFiles.All(f => HostFileFacts.DigestOf(host.Here(f.Path)) == f.Sha256);

    private void Remove(string path)
    {
        TreeRemoval.RemoveProtected(path);
        log.Done(path, "removed");
    }

    private void MendRecord(string whole, string broken)
    {
        DurableFile.Write(broken, RegularFile.ReadAll(whole), RecordDocument.Mode);
        log.Done(broken, $"taken from {Path.GetFileName(whole)}");
    }

    /// <summary>Without its config.json a rootfs can't be compared: that is done now.</summary>
    private async Task MendConfigAsync(ContainerRecord record, StoreLease lease, string rootfs)
    {
        if (await new ConfigRepair(host, log).RunAsync(record, lease) && !Check().RunRoot(record))
        {
            MendRootfs(record, rootfs);
        }
    }

    private RootfsCheck Check() => new(host.Target, host.OpenStore(), content: true, new FindingLog());

    private void MendMounted(ContainerRecord record, int number, string tree)
    {
        RootfsCheck check = Check();
        if (check.RunMounted(record, number))
        {
            return;
        }

        if (check.ReadConfig(record, host.Deployment(record.Name, record.Deployment).ConfigFile) is not { } config)
        {
            log.Failed(tree, "its container's config.json can't be used");
            return;
        }

        string fresh = DurableFile.Beside(tree);
        TreeCheckout.Write(
            MergedTree.Build(host.OpenStore(), record.MountedImages[number].DiffIds),
            fresh,
            [],
            shares: !BundleConfig.MayRemountBinds(config),
            owners: TreeOwners.Of(config, host.User?.Ids)
        );
        DurableFile.SyncFileSystem(fresh);
        Swap(tree, fresh);
        Tidy(record, tree, fresh);
    }

    private void MendRootfs(ContainerRecord record, string rootfs)
    {
        if (record.RemoteRootfs is { } remote)
        {
            DurableFile.WriteLink(rootfs, remote);
            log.Done(rootfs, $"leads to {remote} again");
            return;
        }

        RootfsCheck check = Check();
        if (check.ReadConfig(record, host.Deployment(record.Name, record.Deployment).ConfigFile) is not { } config)
        {
            log.Failed(rootfs, "its config.json can't be used");
            return;
        }

        if (record.Composefs is { } digest)
        {
            MendImage(record, digest, config, check);
            return;
        }

        MergedTree tree = MergedTree.Build(host.OpenStore(), record.DiffIds);
        string fresh = DurableFile.Beside(rootfs);
        TreeCheckout.Write(
            tree,
            fresh,
            check.MissingMounts(config, tree),
            shares: !BundleConfig.MayRemount(config),
            owners: TreeOwners.Of(config, host.User?.Ids)
        );
        DurableFile.SyncFileSystem(fresh);
        Swap(rootfs, fresh);
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        ListenCopy.Make(directory, config.Mounts.Select(m => m.Source), directory.Here);
        Tidy(record, rootfs, fresh);
    }

    /// <summary>What was replaced goes, unless a payload has it.</summary>
    private void Tidy(ContainerRecord record, string tree, string replaced)
    {
        bool used = RootUsers.Any(replaced);
        log.Done(
            tree,
            used ? $"checked out again; 'sysctr restart {record.Name}' to run from it" : "checked out again"
        );
        if (!used)
        {
            TreeRemoval.RemoveProtected(replaced);
        }
    }

    /// <summary>The same tree gives the same image.</summary>
    private void MendImage(ContainerRecord record, string digest, RuntimeConfigFile config, RootfsCheck check)
    {
        ContentStore store = host.OpenStore();
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        string file = Path.Join(directory.Here, ComposefsRoot.ImageName);
        foreach (Oci.Digest layer in record.DiffIds)
        {
            store.Convert(layer, ObjectForm.Content);
        }

        MergedTree tree = MergedTree.Build(store, record.DiffIds);
        ComposefsTree image = ComposefsTree.Of(tree, check.MissingMounts(config, tree));
        if (image.Digest.ToString() != digest)
        {
            log.Failed(
                file,
                $"made again it is another one, for sysctr or the host have changed; 'sysctr update {record.Name}' makes a new deployment"
            );
            return;
        }

        string fresh = DurableFile.Beside(file);
        image.Write(fresh);
        DurableFile.SyncFileSystem(directory.Here);
        DurableFile.Move(fresh, file);
        if (record.Seeds.Count > 0 && PartialTree.Of(tree.Root, record.Seeds) is { } part)
        {
            string rootfs = Path.Join(directory.Here, "rootfs");
            string seeds = DurableFile.Beside(rootfs);
            TreeCheckout.WriteRoot(store, part, seeds, shares: false);
            DurableFile.SyncFileSystem(directory.Here);
            Swap(rootfs, seeds);
            TreeRemoval.RemoveProtected(seeds);
        }

        ListenCopy.Make(directory, config.Mounts.Select(m => m.Source), directory.Here);
        log.Done(file, "made again");
    }

    private static void Swap(string rootfs, string fresh)
    {
        if (Path.Exists(rootfs) || new FileInfo(rootfs).LinkTarget is not null)
        {
            DurableFile.Exchange(rootfs, fresh);
        }
        else
        {
            DurableFile.Move(fresh, rootfs);
        }
    }

    private void MendKept(string kept, InstalledFile file)
    {
        string path = host.Here(file.Path);
        if (HostFileFacts.DigestOf(path) != file.Sha256)
        {
            log.Failed(
                kept,
                $"{path} is not there unedited; the next update makes a deployment that has all, and a rollback to this one fails"
            );
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        if (new FileInfo(path).LinkTarget is { } target)
        {
            DurableFile.WriteLink(kept, target);
        }
        else
        {
            DurableFile.Copy(
                kept,
                path,
                new FileMetadata(InstalledFile.TextMode, 0, 0, DateTimeOffset.UtcNow.ToUnixTimeSeconds(), 0, [])
            );
        }

        log.Done(kept, $"taken from {path}");
    }

    private void Try(string path, Action mend)
    {
        try
        {
            mend();
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            log.Failed(path, e.Message);
        }
    }

    private async Task TryAsync(string path, Func<Task> mend)
    {
        try
        {
            await mend();
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            log.Failed(path, e.Message);
        }
    }

    private static bool IsBelow(string path, string directory) =>
        path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);
}
