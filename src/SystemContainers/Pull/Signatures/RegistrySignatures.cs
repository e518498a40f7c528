// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Trust;
using SystemContainers.Pull.Trust.Signatures;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Signatures;

/// <summary>
/// Signatures of an image in a registry: <c>BASE/REPOSITORY@sha256=HEX/signature-1</c> and so on, in the storage that
/// registries.d names (signature-protocols.md); and where that says so, what cosign has attached at the tag
/// <c>sha256-HEX.sig</c>.
/// </summary>
/// <param name="image">As it is reached: a mirror has signatures of its own.</param>
/// <param name="storage">Which storage it is; read when it is needed.</param>
/// <param name="options">Time-outs and attempts.</param>
/// <param name="progress">Told of further attempts.</param>
sealed class RegistrySignatures(
    ImageReference image,
    IImageSource registry,
    Func<SignatureStorage> storage,
    PullOptions options,
    IPullProgress progress
) : ISignatureSource
{
    private readonly SignatureFiles _files = new($"looking for signatures of {image.Identity}");

    /// <inheritdoc/>
    public string Where
    {
        get
        {
            string places = string.Join(
                " and ",
                storage()
                    .All.Select(s => s.Lookaside(image))
                    .Select(l =>
                        $"{Redact.Text(l.Url)} ({l.File ?? "where nothing in registries.d says another place"})"
                    )
            );
            string attached = storage().All.Any(s => s.UsesAttachments(image))
                ? ", and at the image's .sig tag"
                : "; the image's .sig tag was not looked at, for registries.d does not say use-sigstore-attachments: true";
            return places + attached;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageSignature>> GetAsync(Digest manifest, CancellationToken cancellationToken)
    {
        SignatureBudget budget = new($"looking for signatures of {image.Identity}");
        List<ImageSignature> stored = [];
        foreach (SignatureStorage place in storage().All)
        {
            stored.AddRange(await FromStorageAsync(place, manifest, budget, cancellationToken));
        }

        return
        [
            .. stored,
            .. storage().All.Any(s => s.UsesAttachments(image))
                ? await AttachedSignatures.GetAsync(image, registry, manifest, budget, cancellationToken)
                : [],
        ];
    }

    private async Task<IReadOnlyList<ImageSignature>> FromStorageAsync(
        SignatureStorage place,
        Digest manifest,
        SignatureBudget budget,
        CancellationToken cancellationToken
    )
    {
        (string url, string? file) = place.Lookaside(image);
        int colon = url.IndexOf(':', StringComparison.Ordinal);
        return (colon < 0 ? "" : url[..colon].ToLowerInvariant()) switch
        {
            "file" => await _files.AllAsync(
                where => Task.FromResult(_files.Read(place.Here(where))),
                number => FilePath(url, manifest, number),
                budget
            ),
            "http" or "https" when Uri.TryCreate(url, UriKind.Absolute, out Uri? address) => await FromServerAsync(
                address,
                manifest,
                budget,
                cancellationToken
            ),
            _ => throw new SysctrException(
                ErrorKind.Policy,
                $"looking for signatures of {image.Identity}: '{Redact.Text(url)}' is no place for them",
                $"write a file, http or https URL as lookaside in {file}; see containers-registries.d(5)"
            ),
        };
    }

    private async Task<IReadOnlyList<ImageSignature>> FromServerAsync(
        Uri address,
        Digest manifest,
        SignatureBudget budget,
        CancellationToken cancellationToken
    )
    {
        using LookasideClient client = new(address, image, options, progress);
        return await _files.AllAsync(
            where => client.GetAsync(new Uri(where), cancellationToken),
            number => Address(address, manifest, number).AbsoluteUri,
            budget
        );
    }

    private string Below(Digest manifest, int number) =>
        $"/{image.Repository}@{manifest.Algorithm}={manifest.Hex}/signature-{number}";

    /// <summary>A host in it means nothing, as for containers/image.</summary>
    private string FilePath(string url, Digest manifest, int number)
    {
        string path = url["file:".Length..];
        path = path.Split('?', '#')[0];
        if (path.StartsWith("//", StringComparison.Ordinal))
        {
            path = path.IndexOf('/', 2) is > 0 and int slash ? path[slash..] : "";
        }

        return Uri.UnescapeDataString(path) + Below(manifest, number);
    }

    private Uri Address(Uri address, Digest manifest, int number) =>
        new UriBuilder(address) { Path = address.AbsolutePath + Below(manifest, number) }.Uri;
}
