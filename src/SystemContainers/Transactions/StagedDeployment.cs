// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Launch;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Transactions;

/// <summary>A container checked out beside its place, whole and durable but for its name. Disposed of before it has
/// moved there, it is gone.</summary>
sealed class StagedDeployment(Host host, PreparedContainer container) : IDisposable
{
    private bool _isPlaced;

    /// <summary>Checks it out.</summary>
    /// <param name="progress">Told how far it is.</param>
    public void Write(IPullProgress progress)
    {
        DeploymentDirectory directory = container.Directory;
        FaultPoint.Pass("mkdir");
        Directory.CreateDirectory(directory.ContainerHere);
        TreeRemoval.Remove(directory.Staged);
        FaultPoint.Pass("mkdir");
        Directory.CreateDirectory(directory.Staged);
        if (container.Rendered.Config is { } config)
        {
            WriteRootfs(Path.Join(directory.Staged, "rootfs"), progress);
            WriteMounted(progress);
            DurableFile.Write(
                Path.Join(directory.Staged, DeploymentDirectory.ConfigName),
                config.Json,
                UnixFileMode.UserRead | UnixFileMode.UserWrite
            );
            ListenCopy.Make(directory, config.Mounts.Select(m => m.Source), directory.Staged);
        }

        HostFileSet.Keep(container);
        directory.WriteStagedRecord(container.Record);
        DurableFile.SyncFileSystem(directory.Staged);
    }

    /// <summary>Moves it to its place for as long as this lives: nothing of it is on the host.</summary>
    public void Place()
    {
        DurableFile.Move(container.Directory.Staged, container.Directory.Here);
        _isPlaced = true;
    }

    /// <summary>
    /// Removes what has not moved to its place. Whether that succeeds is no part of the outcome: the next call removes
    /// what is left. That what was <see cref="Place"/>d can't be removed, such as for a mount in it, is for the caller
    /// to know.
    /// </summary>
    /// <exception cref="LinuxException">What was placed is still there.</exception>
    public void Dispose()
    {
        if (_isPlaced)
        {
            host.Discard(container.Directory.ContainerHere);
            return;
        }

        try
        {
            TreeRemoval.Remove(container.Directory.Staged);
            if (!host.Catalog.IsInstalled(container.Record.Name))
            {
                host.Discard(container.Directory.ContainerHere);
            }
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            host.Note($"warning: {e.Message}; the next call of sysctr tidies up");
        }
    }

    private void WriteRootfs(string rootfs, IPullProgress progress)
    {
        if (container.Tree is { } tree)
        {
            if (container.Composefs is { } image)
            {
                image.Write(Path.Join(container.Directory.Staged, ComposefsRoot.ImageName));
                WriteSeeds(tree, rootfs);
            }
            else
            {
                TreeCheckout.Write(
                    tree,
                    rootfs,
                    container.Rendered.MountPoints,
                    shares: !BundleConfig.MayRemount(container.Rendered.Config!),
                    (done, total) => progress.CheckingOut(container.Record.Name, done, total),
                    TreeOwners.Of(container.Rendered.Config!, host.User?.Ids)
                );
            }

            foreach (string note in tree.LeftOut)
            {
                host.Note($"{container.Record.Name}: {note}");
            }
        }
        else
        {
            FaultPoint.Pass("symlink");
            File.CreateSymbolicLink(rootfs, container.Record.RemoteRootfs!);
        }
    }

    /// <summary>The files of other images that it mounts, beside its own.</summary>
    private void WriteMounted(IPullProgress progress)
    {
        foreach ((int number, MergedTree tree) in container.MountedTrees.Index())
        {
            string image = container.Record.MountedImages[number].Image;
            TreeCheckout.Write(
                tree,
                Path.Join(container.Directory.Staged, MountedTrees.NameOf(number)),
                [],
                shares: !BundleConfig.MayRemountBinds(container.Rendered.Config!),
                (done, total) => progress.CheckingOut($"{container.Record.Name}, {image}", done, total),
                TreeOwners.Of(container.Rendered.Config!, host.User?.Ids)
            );
            foreach (string note in tree.LeftOut)
            {
                host.Note($"{container.Record.Name}: {image}: {note}");
            }
        }
    }

    /// <summary>What is copied before a start has mounted the tree.</summary>
    private void WriteSeeds(MergedTree tree, string rootfs)
    {
        if (container.Record.Seeds.Count > 0)
        {
            TreeDirectory part =
                PartialTree.Of(tree.Root, container.Record.Seeds)
                ?? throw new InvalidOperationException("A part of the tree is none.");
            TreeCheckout.WriteRoot(tree.Store, part, rootfs, shares: false);
        }
    }
}
