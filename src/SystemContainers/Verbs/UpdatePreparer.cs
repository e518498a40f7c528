// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Render.Request;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>What an update makes of a container, in memory: the settings of the old deployment carried over to the image as it is now.</summary>
sealed class UpdatePreparer(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>The image that an update goes to, and whether it is asked for at its source.</summary>
    public static (string Image, PullPolicy Policy) Wanted(ContainerRecord before, UpdateRequest request) => (ImageOf(before, request), PolicyOf(request));

    /// <summary>Fetches the image that an update goes to without a trace: from the store of the host where that has it, else into a scratch store.</summary>
    /// <param name="scratch">Of <see cref="Host.WithScratchStore"/>.</param>
    /// <param name="before">The deployment in use.</param>
    /// <param name="request">What shall change.</param>
    /// <param name="cancellation">Ends the pull.</param>
    /// <returns>Whose store has the image, and the image.</returns>
    public async Task<(Host Here, StoredImage Image)> FetchAsideAsync(
        Host scratch, ContainerRecord before, UpdateRequest request, CancellationToken cancellation)
    {
        Host here = new ImageFetch(host, progress).IsStored(ImageOf(before, request), PolicyOf(request)) ? host : scratch;
        return (here, await new ImageFetch(here, progress).FetchAsync(ImageOf(before, request), PolicyOf(request), cancellation));
    }

    /// <summary>The new deployment in memory; null where it would be the old one.</summary>
    /// <param name="before">The deployment in use.</param>
    /// <param name="image">All of it is in the store.</param>
    /// <param name="request">What shall change.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Errors.SysctrException">The image can't be used; nothing was changed.</exception>
    public async Task<PreparedContainer?> PrepareAsync(ContainerRecord before, StoredImage image, UpdateRequest request, CancellationToken cancellation)
    {
        ContainerPreparer preparer = new(host);
        ImageExports exports = preparer.ReadExports(image, before.RemoteRootfs);
        Dictionary<string, string> set = new(request.Set, StringComparer.Ordinal);
        foreach ((string variable, string value) in before.Set)
        {
            if (TemplateValues.IsKnown(exports, variable))
            {
                set.TryAdd(variable, value);
            }
            else
            {
                note($"{before.Name}: {variable}={value} has no meaning for the new image; left out");
            }
        }

        InstallRequest install = new(image.Record.Reference)
        {
            Name = before.Name,
            Set = set,
            Settings = before.Settings.With(request.Settings, request.Reset),
            LeaveOutUnknown = request.LeaveOutUnknown,
            Runtime = request.Runtime ?? before.Runtime,
            WithoutHostFiles = before.WithoutHostFiles,
            Rootfs = before.RemoteRootfs,
            AutoUpdate = request.AutoUpdate ?? before.AutoUpdate,
            Grants = request.Grants,
        };
        PreparedContainer after = await preparer.PrepareAsync(install, before.Name, NextNumber(before.Name), image, before, cancellation);
        bool same = IsSame(before, after.Record) && HasConfig(before) &&
            (before.RemoteRootfs is null || IsRenderedSame(before, await preparer.PrepareAsync(install, before.Name, before.Deployment, image, before, cancellation)));
        return same ? null : after;
    }

    private static string ImageOf(ContainerRecord before, UpdateRequest request) => request.Rebase ?? before.Image;

    private static PullPolicy PolicyOf(UpdateRequest request) =>
        request.Pull ?? (request.Rebase is null ? PullPolicy.Always : PullPolicy.Missing);

    private int NextNumber(string name) => host.Catalog.Numbers(name).Append(-1).Max() + 1;

    /// <summary>
    /// A remote root file system has no digest: whoever it belongs to changes its templates when they like. There what would be
    /// rendered decides; to be compared, it is rendered for the place of the old deployment, whose path stands in it.
    /// </summary>
    private bool IsRenderedSame(ContainerRecord before, PreparedContainer again)
    {
        string config = host.Deployment(before.Name, before.Deployment).ConfigFile;
        Dictionary<string, InstalledFile> files = before.AllFiles.ToDictionary(f => f.Path, StringComparer.Ordinal);
        return (File.Exists(config) ? File.ReadAllBytes(config) : []).AsSpan().SequenceEqual(again.Rendered.ConfigJson ?? []) &&
            before.Enabled.SequenceEqual(again.Record.Enabled) && again.Record.AllFiles.Count() == files.Count &&
            again.Record.AllFiles.All(f => files.TryGetValue(f.Path, out InstalledFile? there) && f.IsSameAs(there));
    }

    /// <summary>One that has lost its config.json is not what it was.</summary>
    private bool HasConfig(ContainerRecord before) =>
        before.ConfigDigest is null || File.Exists(host.Deployment(before.Name, before.Deployment).ConfigFile);

    /// <summary>The promise: the same digest and the same values, and nothing happens.</summary>
    private static bool IsSame(ContainerRecord before, ContainerRecord after) =>
        before.Image == after.Image && before.ManifestDigest == after.ManifestDigest && before.Runtime == after.Runtime &&
        before.Settings.IsSameAs(after.Settings) && before.Set.Count == after.Set.Count && before.Set.All(s => after.Set.TryGetValue(s.Key, out string? value) && value == s.Value);
}
