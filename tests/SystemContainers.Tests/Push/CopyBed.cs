// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>Copies by a host's configuration in a temporary directory.</summary>
sealed class CopyBed : IDisposable
{
    private static readonly Platform s_platform = new("amd64", "linux");

    public PullingHost Host { get; } = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Host.Dispose();

    /// <summary>Copies one platform, or all.</summary>
    public async Task<CopiedImage> CopyAsync(string from, string to, bool all = false, bool preserve = false)
    {
        Host.Options = Host.Options with { SpoolDirectory = Host.Root };
        ImageReference source = ImageReference.Parse(from);
        await using IImageDestination destination = new Destinations(
            Host.Registries,
            Host.Credentials,
            Host.OwnOptions,
            Host.Progress
        ).Open(ImageReference.Parse(to), source);
        return await new ImageCopier(Host.Progress).CopyAsync(
            Host.Puller(),
            [source],
            destination,
            new CopyChoice(all ? null : s_platform, preserve),
            Cancellation
        );
    }

    /// <summary>Copies, and gives the error that it ends in.</summary>
    public async Task<SysctrException> FailAsync(
        string from,
        string to,
        ErrorKind kind,
        bool all = false,
        bool preserve = false
    )
    {
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => CopyAsync(from, to, all, preserve));
        Assert.True(e.Kind == kind, $"{e.Kind} instead of {kind}: {e}");
        return e;
    }

    /// <summary>An index of two platforms with an attestation, in a registry.</summary>
    public static (byte[] Index, FakeImage[] Images) PushIndex(OciRegistry registry, string repository, string tag)
    {
        FakeImage[] images =
        [
            .. new[] { "amd64", "arm64" }.Select(
                (a, i) =>
                    new FakeImage { Architecture = a }
                        .AddGzip(FakeImage.Noise(4000, seed: 99))
                        .AddZstd(FakeImage.Noise(3000, seed: i))
                        .PushTo(registry, repository)
            ),
        ];
        FakeImage attestation = new FakeImage
        {
            ConfigType = "application/vnd.oci.image.config.v1+json",
            Architecture = "unknown",
        }
            .Add("{}"u8.ToArray(), "{}"u8.ToArray(), "application/vnd.in-toto+json")
            .PushTo(registry, repository);
        byte[] index = FakeImage.Index(
            FakeImage.Descriptor(MediaTypes.OciManifest, images[0].Manifest, "linux/amd64"),
            FakeImage.Descriptor(MediaTypes.OciManifest, images[1].Manifest, "linux/arm64"),
            FakeImage.Descriptor(MediaTypes.OciManifest, attestation.Manifest, "unknown/unknown")
        );
        registry.Repository(repository).Put(Digest.Sha256(index), MediaTypes.OciIndex, index, tag);
        return (index, [.. images, attestation]);
    }
}
