// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Pull.Trust.Signatures;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Signatures;

/// <summary>
/// What cosign 2 attaches to an image: a manifest at a tag made of the image's digest, each of whose layers is a signed
/// document with the signature in its annotations (cosign's SIGNATURE_SPEC). The list itself is signed by nobody: all
/// that counts is in each layer.
/// </summary>
static class AttachedSignatures
{
    private const int MaxDepth = 32;

    /// <summary>More than any image has; each costs a request.</summary>
    private const int MaxLayers = 128;

    /// <summary>All of them; none where the tag is not there.</summary>
    /// <param name="image">As it is reached.</param>
    /// <param name="manifest">What is signed.</param>
    /// <param name="budget">What all signatures of the image may have.</param>
    /// <exception cref="SysctrException">As a pull; Corrupt: what stands at the tag is no such manifest.</exception>
    public static async Task<IReadOnlyList<ImageSignature>> GetAsync(
        ImageReference image,
        IImageSource registry,
        Digest manifest,
        SignatureBudget budget,
        CancellationToken cancellationToken
    )
    {
        string tag = $"{manifest.Algorithm}-{manifest.Hex}.sig";
        string doing = $"fetching the signatures {image.Name}:{tag}";
        if (await registry.FindTagAsync(tag, cancellationToken) is not { } raw)
        {
            return [];
        }

        List<ImageSignature> signatures = [];
        foreach (Descriptor layer in Layers(raw, doing))
        {
            if (layer.Size is < 0 or > SignatureBlob.MaxBytes)
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"{doing}: one is larger than {SignatureBlob.MaxBytes} bytes"
                );
            }

            budget.Take(layer.Size);
            await using VerifiedStream stream = new(
                await registry.OpenBlobAsync(layer, cancellationToken),
                layer,
                doing
            );
            byte[] payload = await Body.ReadAtMostAsync(stream, SignatureBlob.MaxBytes + 1, cancellationToken);
            signatures.Add(
                new SigstoreSignature(
                    $"{tag}, layer {signatures.Count + 1}",
                    layer.MediaType,
                    payload,
                    layer.Annotations ?? new Dictionary<string, string>(StringComparer.Ordinal)
                )
            );
        }

        return signatures;
    }

    private static IReadOnlyList<Descriptor> Layers(RawManifest raw, string doing)
    {
        try
        {
            using JsonDocument json = StrictJson.Parse(raw.Bytes, MaxDepth);
            ImageManifest manifest =
                JsonSerializer.Deserialize(raw.Bytes, OciJson.Default.ImageManifest)
                ?? throw new JsonException("it is null");
            return manifest.Layers.Count <= MaxLayers && !manifest.Layers.Contains(null!)
                ? manifest.Layers
                : throw new SysctrException(ErrorKind.Unsafe, $"{doing}: there are more than {MaxLayers} of them");
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: the list of them is malformed: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }
    }
}
