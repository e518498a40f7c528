// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Verity;
using SystemContainers.Render.Spec;
using SystemContainers.Runtime.Launch;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Fsck;

/// <summary>A deployment's config.json and rootfs.</summary>
sealed class RootfsCheck(HostTarget host, ContentStore store, bool content, FindingLog log)
{
    /// <summary>Differences of one rootfs that are told one by one.</summary>
    private const int Told = 20;

    /// <summary>Whether the config.json of the deployment that was compared can't be used.</summary>
    public bool LacksConfig { get; private set; }

    /// <summary>Compares a rootfs, and the trees of other images beside it, with the layers that the record
    /// names.</summary>
    /// <returns>Whether they are as these say, or nobody can tell.</returns>
    public bool Run(ContainerRecord record)
    {
        bool isWhole = RunRoot(record);
        for (int number = 0; number < record.MountedImages.Count; number++)
        {
            isWhole &= RunMounted(record, number);
        }

        return isWhole;
    }

    /// <summary>The same for the tree of another image.</summary>
    /// <param name="record">Of the deployment.</param>
    /// <param name="number">Which of its <see cref="ContainerRecord.MountedImages"/>.</param>
    public bool RunMounted(ContainerRecord record, int number)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        string tree = Path.Join(directory.Here, MountedTrees.NameOf(number));
        IReadOnlyList<Oci.Digest> layers = record.MountedImages[number].DiffIds;
        if (TryConfig(directory.ConfigFile) is not { } config || !layers.All(IsReadable))
        {
            log.Note(
                FindingKind.NotChecked,
                tree,
                "could not be compared, for its container's config.json or a layer of it is broken"
            );
            return true;
        }

        int differences = 0;
        try
        {
            new TreeCheck(store, content, (path, what) => Tell(ref differences, tree + path, what)).Compare(
                MergedTree.Build(store, layers),
                tree,
                [],
                TreeOwners.Of(config, host.User?.Ids)
            );
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Host)
        {
            log.Error(FindingKind.CorruptRootfs, tree, $"could not be compared: {e.Message}", e.Hint);
            return false;
        }

        TellRest(tree, differences);
        return differences == 0;
    }

    /// <summary>The same for the container's own.</summary>
    public bool RunRoot(ContainerRecord record)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        string rootfs = Path.Join(directory.Here, "rootfs");
        string config = directory.ConfigFile;
        if (record.ConfigDigest is null && !File.Exists(config) && !Path.Exists(rootfs))
        {
            // An image that has files for the host and nothing to run.
            return true;
        }

        RuntimeConfigFile? mounts = ReadConfig(record, config);
        LacksConfig = mounts is null;
        if (record.RemoteRootfs is { } remote)
        {
            if (new FileInfo(rootfs).LinkTarget != remote)
            {
                log.Error(FindingKind.CorruptRootfs, rootfs, $"does not lead to {remote}", FsckAdvice.Repair);
                return false;
            }

            return true;
        }

        if (mounts is null || !record.DiffIds.All(IsReadable))
        {
            log.Note(
                FindingKind.NotChecked,
                rootfs,
                "could not be compared, for its config.json or a layer of it is broken"
            );
            return true;
        }

        int differences = 0;
        if (record.Composefs is { } digest)
        {
            CheckImage(record, digest, Path.Join(directory.Here, ComposefsRoot.ImageName), Found);
            if (
                record.Seeds.Count > 0
                && PartialTree.Of(MergedTree.Build(store, record.DiffIds).Root, record.Seeds) is { } part
            )
            {
                new TreeCheck(store, content, (path, what) => Found(rootfs + path, what)).Compare(part, rootfs);
            }
        }
        else
        {
            MergedTree tree = MergedTree.Build(store, record.DiffIds);
            try
            {
                new TreeCheck(store, content, (path, what) => Found(rootfs + path, what)).Compare(
                    tree,
                    rootfs,
                    MissingMounts(mounts, tree),
                    TreeOwners.Of(mounts, host.User?.Ids)
                );
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Host)
            {
                // The user had more subordinate ids when it was checked out; the other containers are looked at all the
                // same.
                log.Error(FindingKind.CorruptRootfs, rootfs, $"could not be compared: {e.Message}", e.Hint);
                return false;
            }
        }

        TellRest(rootfs, differences);
        if (
            mounts.Mounts.Any(m => m.Source == directory.ListenOnHost)
            && !File.Exists(Path.Join(directory.Here, DeploymentDirectory.ListenName))
        )
        {
            log.Error(
                FindingKind.CorruptDeployment,
                Path.Join(directory.Here, DeploymentDirectory.ListenName),
                "is missing",
                FsckAdvice.Repair
            );
            differences++;
        }

        return differences == 0;

        void Found(string path, string what) => Tell(ref differences, path, what);
    }

    private void Tell(ref int differences, string path, string what)
    {
        if (differences++ < Told)
        {
            log.Error(FindingKind.CorruptRootfs, path, what, FsckAdvice.Repair);
        }
    }

    private void TellRest(string tree, int differences)
    {
        if (differences > Told)
        {
            log.Error(FindingKind.CorruptRootfs, tree, $"has {differences - Told} more differences", FsckAdvice.Repair);
        }
    }

    /// <summary>Null where it can't be used, which is told with the rootfs.</summary>
    private static RuntimeConfigFile? TryConfig(string file)
    {
        try
        {
            return RuntimeConfigFile.Read(file, System.Text.Encoding.UTF8.GetString(RegularFile.ReadAll(file)));
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return null;
        }
    }

    /// <summary>An image says itself what it is; that its contents are there is for the layers to say, as long as these
    /// have them.</summary>
    private void CheckImage(ContainerRecord record, string digest, string image, Action<string, string> tell)
    {
        using SafeFileHandle file = Libc.open(
            image,
            OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlock | OpenFlags.CloseOnExec,
            0
        );
        if (file.IsInvalid)
        {
            tell(image, "is missing");
        }
        else
        {
            try
            {
                // What the kernel would prove it against says nothing of a block that has gone bad; that shows when it
                // is read.
                VerityDigest? proven = FsVerity.Measure(file);
                if (
                    (proven ?? VerityHasher.Of(file)).ToString() != digest
                    || (content && proven is not null && VerityHasher.Of(file) != proven)
                )
                {
                    tell(image, "was altered");
                }
            }
            catch (IOException e)
            {
                tell(image, $"can't be read ({e.Message})");
            }
        }

        foreach (Oci.Digest layer in record.DiffIds.Where(l => store.FormOf(l) != ObjectForm.Content))
        {
            tell(
                image,
                $"needs layer {layer.Short} with objects of content alone, which the store has in another form"
            );
        }
    }

    /// <summary>What the checkout of a deployment had to make for mounts, from its config.json.</summary>
    public IReadOnlyList<MountPoint> MissingMounts(RuntimeConfigFile config, MergedTree tree) =>
        [.. MountPoints.Missing(config, tree, host.IsDirectory).Select(m => m.AsMountPoint)];

    /// <summary>A deployment's config.json; null where it can't be used, which is told.</summary>
    public RuntimeConfigFile? ReadConfig(ContainerRecord record, string file)
    {
        string advice = record.ConfigDigest is null
            ? $"'sysctr uninstall {record.Name}' and install it again"
            : "'sysctr fsck --repair' renders it again, where that gives the same file";
        try
        {
            byte[] bytes = RegularFile.ReadAll(file);
            if (record.ConfigDigest is { } digest && Oci.Digest.Sha256(bytes) != digest)
            {
                log.Note(FindingKind.EditedFile, file, "was edited since it was installed");
            }

            return RuntimeConfigFile.Read(file, System.Text.Encoding.UTF8.GetString(bytes));
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            log.Error(
                FindingKind.CorruptDeployment,
                file,
                e is FileNotFoundException ? "is missing" : $"can't be used ({e.Message})",
                advice
            );
            return null;
        }
    }

    private bool IsReadable(Oci.Digest layer)
    {
        try
        {
            return store.ReadLayer(layer).Entries.Count >= 0;
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return false;
        }
    }
}
