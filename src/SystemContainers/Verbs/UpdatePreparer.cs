// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Images;
using SystemContainers.Linux.Files;
using SystemContainers.Prepared;
using SystemContainers.Render.Request;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>What an update makes of a container, in memory: the settings of the old deployment carried over to the
/// image as it is now.</summary>
sealed class UpdatePreparer(Host host, Action<string> note)
{
    /// <summary>The image that an update goes to, with those that it mounts: a name that the container has mounted
    /// before means what it meant.</summary>
    /// <exception cref="Errors.SysctrException">Usage: a setting is none.</exception>
    public WantedImage Wanted(ContainerRecord before, UpdateRequest request) =>
        new(host.Registries, request.Rebase ?? before.Image, PolicyOf(request))
        {
            Mounted = before
                .Settings.With(request.Settings, request.Reset)
                .MountedImages()
                .ToDictionary(
                    name => name,
                    name => new WantedImage(
                        host.Registries,
                        before.MountedImages.FirstOrDefault(m => m.Name == name)?.Image ?? name,
                        PolicyOf(request)
                    ),
                    StringComparer.Ordinal
                ),
        };

    /// <summary>The new deployment in memory; null where it would be the old one.</summary>
    /// <param name="transaction">Has fetched the image.</param>
    /// <param name="before">The deployment in use.</param>
    /// <param name="request">What shall change.</param>
    /// <exception cref="Errors.SysctrException">The image can't be used; nothing was changed.</exception>
    public async Task<PreparedContainer?> PrepareAsync(
        ContainerTransaction transaction,
        ContainerRecord before,
        StoredImage image,
        UpdateRequest request,
        CancellationToken cancellation
    )
    {
        InstallRequest install = new(image.Record.Reference)
        {
            Name = before.Name,
            Settings = before.Settings.With(request.Settings, request.Reset),
            LeaveOutUnknown = request.LeaveOutUnknown,
            Runtime = request.Runtime ?? before.Runtime,
            WithoutHostFiles = before.WithoutHostFiles,
            Rootfs = before.RemoteRootfs,
            Checkout = CheckoutOf(before, request),
            IsCheckoutKept = request.Checkout is null,
            FollowsMounted = request.Checkout is null && !request.ForgetsCheckout && before.Composefs is not null,
            AutoUpdate = request.AutoUpdate ?? before.AutoUpdate,
            Grants = request.Grants,
            Declared = before.Declared,
        };
        OpenedImage opened = transaction.Open(image, install);
        Dictionary<string, string> set = new(request.Set, StringComparer.Ordinal);
        foreach ((string variable, string value) in before.Set)
        {
            if (TemplateValues.IsKnown(opened.Exports, variable))
            {
                set.TryAdd(variable, value);
            }
            else
            {
                note($"{before.Name}: {variable}={value} has no meaning for the new image; left out");
            }
        }

        return await PrepareAsync(
            transaction,
            before,
            opened,
            install with
            {
                Set = set,
            },
            request.Checkout is not null || request.ForgetsCheckout,
            cancellation
        );
    }

    /// <summary>The same for a deployment that is asked for as a whole.</summary>
    /// <param name="transaction">Has fetched the image.</param>
    /// <param name="before">The deployment in use.</param>
    /// <param name="opened">The image, with the settings of the request.</param>
    /// <param name="install">As if it were new.</param>
    /// <exception cref="Errors.SysctrException">The image can't be used; nothing was changed.</exception>
    public Task<PreparedContainer?> PrepareAsync(
        ContainerTransaction transaction,
        ContainerRecord before,
        OpenedImage opened,
        InstallRequest install,
        CancellationToken cancellation
    ) => PrepareAsync(transaction, before, opened, install, wantsForm: false, cancellation);

    private async Task<PreparedContainer?> PrepareAsync(
        ContainerTransaction transaction,
        ContainerRecord before,
        OpenedImage opened,
        InstallRequest install,
        bool wantsForm,
        CancellationToken cancellation
    )
    {
        StoredImage image = opened.Image;
        if (before.RemoteRootfs is not null && IsSameImage(before, image) && HasConfig(before))
        {
            // Rendered for the place of the old deployment, whose path stands in it, to be compared with that.
            PreparedContainer again = await transaction.PrepareAsync(
                opened,
                install,
                before.Name,
                before.Deployment,
                before,
                cancellation
            );
            if (IsSame(before, again.Record, wantsForm) && IsRenderedSame(before, again))
            {
                return null;
            }
        }

        PreparedContainer after = await transaction.PrepareAsync(
            opened,
            install,
            before.Name,
            NextNumber(before.Name),
            before,
            cancellation
        );
        return before.RemoteRootfs is null && IsSame(before, after.Record, wantsForm) && HasConfig(before)
            ? null
            : after;
    }

    /// <summary>The form that is asked for, now or earlier; null for the host's.</summary>
    public static CheckoutForm? CheckoutOf(ContainerRecord before, UpdateRequest request) =>
        request.ForgetsCheckout ? null : request.Checkout ?? before.Checkout;

    private static PullPolicy PolicyOf(UpdateRequest request) =>
        request.Pull ?? (request.Rebase is null ? PullPolicy.Always : PullPolicy.Missing);

    private int NextNumber(string name) => host.Catalog.Numbers(name).Append(-1).Max() + 1;

    /// <summary>
    /// A remote root file system has no digest: whoever it belongs to changes its templates when they like. There what
    /// would be rendered decides.
    /// </summary>
    private bool IsRenderedSame(ContainerRecord before, PreparedContainer again)
    {
        string config = host.Deployment(before.Name, before.Deployment).ConfigFile;
        Dictionary<string, InstalledFile> files = before.AllFiles.ToDictionary(f => f.Path, StringComparer.Ordinal);
        return (RegularFile.Find(config) ?? []).AsSpan().SequenceEqual(again.Rendered.ConfigJson ?? [])
            && before.Enabled.SequenceEqual(again.Record.Enabled)
            && again.Record.AllFiles.Count() == files.Count
            && again.Record.AllFiles.All(f => files.TryGetValue(f.Path, out InstalledFile? there) && f.IsSameAs(there));
    }

    /// <summary>One that has lost its config.json is not what it was.</summary>
    private bool HasConfig(ContainerRecord before) =>
        before.ConfigDigest is null || File.Exists(host.Deployment(before.Name, before.Deployment).ConfigFile);

    /// <summary>Idempotence: the same digest and the same values make no new deployment; of the form of its tree only
    /// where one was asked for. Older records do not tell which text a seccomp profile had, and what is not known is no
    /// change.</summary>
    private static bool IsSame(ContainerRecord before, ContainerRecord after, bool wantsForm) =>
        before.Image == after.Image
        && before.ManifestDigest == after.ManifestDigest
        && before.MountedImages.Count == after.MountedImages.Count
        && before.MountedImages.Zip(after.MountedImages).All(m => m.First.IsSameAs(m.Second))
        && before.Runtime == after.Runtime
        && (before.SeccompDigest is null || before.SeccompDigest == after.SeccompDigest)
        && ((!wantsForm && before.Checkout == after.Checkout) || before.Composefs is null == after.Composefs is null)
        && before.WithoutHostFiles == after.WithoutHostFiles
        && (before.Declared?.Lines ?? []).SequenceEqual(after.Declared?.Lines ?? [])
        && before.Settings.IsSameAs(after.Settings)
        && before.Set.Count == after.Set.Count
        && before.Set.All(s => after.Set.TryGetValue(s.Key, out string? value) && value == s.Value);

    private static bool IsSameImage(ContainerRecord before, StoredImage image) =>
        before.Image == image.Record.Reference && before.ManifestDigest == image.Record.ManifestDigest;
}
