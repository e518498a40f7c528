// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Requests;
using SystemContainers.Settings;
using SystemContainers.Settings.Ids;
using SystemContainers.Target;

namespace SystemContainers.Prepared;

/// <summary>Which form of checkout a container gets.</summary>
static class CheckoutChoice
{
    /// <summary>The form that was asked for, or the host's where the container can have it.</summary>
    /// <param name="request">The container.</param>
    /// <exception cref="SysctrException">Usage: what was asked for can't be; Host: the host can't mount it.</exception>
    public static CheckoutForm Of(Host host, InstallRequest request)
    {
        SpecSettings spec = request.Settings.Spec;
        string? obstacle =
            host.User is not null ? "a user's containers have a checkout of hard links"
            : request.Rootfs is not null ? "with --rootfs there is no checkout"
            : spec.Writable == SpecSettings.Persistent
                ? "what is written to a root and kept (--writable persistent) lies over files on disk"
            : spec.UserNamespace.Mode != UserNamespaceMode.Host
                ? "a root with mapped owners can't be an overlay (--userns)"
            : null;
        if (obstacle is not null)
        {
            return request.Checkout != CheckoutForm.Composefs || request.IsCheckoutKept
                ? CheckoutForm.HardLinks
                : throw new SysctrException(
                    ErrorKind.Usage,
                    $"--checkout composefs: {obstacle}",
                    "leave it out, or what it does not go with"
                );
        }

        CheckoutForm form =
            request.Checkout
            ?? host.LoadConfiguredCheckout()
            ?? (request.FollowsMounted ? CheckoutForm.Composefs : host.FindCheckout());
        return form == CheckoutForm.HardLinks || request.FollowsMounted || host.FindMountObstacle() is not { } cause
                ? form
            : request.IsCheckoutKept ? CheckoutForm.HardLinks
            : throw new SysctrException(
                ErrorKind.Host,
                $"{(request.Checkout is null ? $"checkout = \"composefs\" in {SysctrConfiguration.Path}" : "--checkout composefs")}: this host can't mount a tree: {cause}",
                "'--checkout hardlinks' goes without; a kernel needs EROFS and overlayfs, from 6.12 or with loop devices"
            );
    }
}
