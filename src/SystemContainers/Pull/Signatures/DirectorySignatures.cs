// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull.Trust.Signatures;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Signatures;

/// <summary>Signatures in a <c>dir:</c>, as skopeo writes them beside the manifest: <c>signature-1</c> and so on;
/// <c>HEX.signature-1</c> of a manifest that an index names.</summary>
sealed class DirectorySignatures(ImageReference image) : ISignatureSource
{
    /// <inheritdoc/>
    public string Where => $"{image.FilePath}/signature-1 and so on";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageSignature>> GetAsync(Digest manifest, CancellationToken cancellationToken)
    {
        string top = Path.Join(image.FilePath, "manifest.json");
        string doing = $"looking for signatures of {image}";
        SignatureFiles files = new(doing);
        bool isTop =
            BoundedFile.Read("/", top, OciLimits.MaxManifestBytes) is { } text && Digest.Sha256(text) == manifest;
        return await files.AllAsync(
            place => Task.FromResult(files.Read(place)),
            number => Path.Join(image.FilePath, $"{(isTop ? "" : manifest.Hex + ".")}signature-{number}"),
            new SignatureBudget(doing)
        );
    }
}
