// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Fsck;

/// <summary>
/// Renders a deployment's config.json again, from the image and the values of its record. The record has the digest of
/// what it was: another result, of another version of sysctr or on a host that has changed, is not what was installed,
/// and is not kept.
/// </summary>
sealed class ConfigRepair(Host host, RepairLog log)
{
    /// <summary>Puts it in its place; what was there and can't be used stays beside it.</summary>
    /// <exception cref="SysctrException">The image can't be read or rendered.</exception>
    public async Task<bool> RunAsync(ContainerRecord record, StoreLease lease)
    {
        string file = host.Deployment(record.Name, record.Deployment).ConfigFile;
        if (record.ConfigDigest is not { } digest)
        {
            log.Failed(
                file,
                $"its record does not say what it was; 'sysctr uninstall {record.Name}' and install it again"
            );
            return false;
        }

        byte[] config = await RenderAsync(record, lease) ?? [];
        if (Digest.Sha256(config) != digest)
        {
            log.Failed(
                file,
                $"rendered again it is another one, for sysctr or the host have changed; 'sysctr update {record.Name}' makes a new deployment"
            );
            return false;
        }

        if (File.Exists(file))
        {
            HostFileSwitch.SetAside(file);
        }

        DurableFile.Write(file, config, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        log.Done(file, "rendered again, as it was");
        return true;
    }

    private async Task<byte[]?> RenderAsync(ContainerRecord record, StoreLease lease)
    {
        InstallRequest request = new(record.Image)
        {
            Name = record.Name,
            Set = record.Set,
            Settings = record.Settings,
            Runtime = record.Runtime,
            WithoutHostFiles = record.WithoutHostFiles,
            Rootfs = record.RemoteRootfs,
            AutoUpdate = record.AutoUpdate,
            Checkout = record.Checkout,
            IsCheckoutKept = true,
            FollowsMounted = record.Composefs is not null,
        };
        StoredImage image = new ImageFetch(host, Pull.NoProgress.Instance).Open(record);
        OpenedImage opened = OpenedImage.Open(
            host.Target,
            image,
            request.Settings,
            request.Rootfs,
            record.Composefs is null ? CheckoutForm.HardLinks : CheckoutForm.Composefs,
            lease
        );
        return (
            await new ContainerPreparer(host).PrepareAsync(
                opened,
                request,
                record.Name,
                record.Deployment,
                record,
                CancellationToken.None
            )
        )
            .Rendered
            .ConfigJson;
    }
}
