// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Settings;
using SystemContainers.Settings.Ids;
using SystemContainers.Target;

namespace SystemContainers.Prepared;

/// <summary>Which form of checkout a container gets.</summary>
static class CheckoutChoice
{
    /// <summary>The form that was asked for, or the host's where the container can have it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="asked">What somebody asked for; null for nothing.</param>
    /// <param name="settings">The container's.</param>
    /// <param name="rootfs">A root that is somebody else's; null for a checkout.</param>
    /// <param name="once">It runs once, and is gone.</param>
    /// <param name="isKept">It was asked for earlier, and is carried over: where it can't be now, the container has the other form.</param>
    /// <exception cref="SysctrException">Usage: what was asked for can't be.</exception>
    public static CheckoutForm Of(Host host, CheckoutForm? asked, ContainerSettings settings, string? rootfs, bool once, bool isKept = false)
    {
        string? obstacle =
            host.User is not null ? "a user's containers have a checkout of hard links"
            : rootfs is not null ? "with --rootfs there is no checkout"
            : settings.Spec.Writable == SpecSettings.Persistent ? "what is written to a root and kept (--writable persistent) lies over files on disk"
            : once ? "what runs once has a checkout of hard links"
            : settings.Spec.UserNamespace.Mode != UserNamespaceMode.Host ? "a root with mapped owners can't be an overlay (--userns)"
            : null;
        return (asked, obstacle) switch
        {
            (CheckoutForm.Composefs, not null) when !isKept => throw new SysctrException(ErrorKind.Usage, $"--checkout composefs: {obstacle}", "leave it out, or what it does not go with"),
            (_, not null) => CheckoutForm.HardLinks,
            ({ } form, _) => form,
            _ => host.Checkout,
        };
    }
}
