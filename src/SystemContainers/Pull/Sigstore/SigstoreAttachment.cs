// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Sigstore;

/// <summary>A signature as cosign 2 and podman attach it: a layer of the manifest at the tag <c>sha256-HEX.sig</c>.
/// Nothing of it is to be trusted.</summary>
/// <param name="Payload">The layer's bytes: a simple signing document.</param>
/// <param name="Annotations">The layer's.</param>
sealed record SigstoreAttachment(ReadOnlyMemory<byte> Payload, IReadOnlyDictionary<string, string> Annotations)
{
    /// <summary>The media type of such a layer.</summary>
    public const string MediaType = "application/vnd.dev.cosign.simplesigning.v1+json";

    /// <summary>The largest payload that is read, in bytes; containers/image's bound.</summary>
    public const int MaxPayloadBytes = 4 << 20;

    /// <summary>The signature of the payload, in base64.</summary>
    public string? Signature => Annotations.GetValueOrDefault("dev.cosignproject.cosign/signature");

    /// <summary>Rekor's promise that the signature is in its log.</summary>
    public string? Set => Annotations.GetValueOrDefault("dev.sigstore.cosign/bundle");

    /// <summary>The certificate of the signature's key, as PEM.</summary>
    public string? Certificate => Annotations.GetValueOrDefault("dev.sigstore.cosign/certificate");

    /// <summary>Those above the certificate, as PEM; the last is the root.</summary>
    public string? Chain => Annotations.GetValueOrDefault("dev.sigstore.cosign/chain");
}
