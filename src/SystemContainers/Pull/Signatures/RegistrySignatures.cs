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
/// Signatures of an image in a registry: <c>BASE/REPOSITORY@sha256=HEX/signature-1</c> and so on, in the storage that registries.d names
/// (signature-protocols.md); and where that says so, what cosign has attached at the tag <c>sha256-HEX.sig</c>.
/// </summary>
/// <param name="image">As it is reached: a mirror has signatures of its own.</param>
/// <param name="registry">Where it is.</param>
/// <param name="storage">Which storage it is; read when it is needed.</param>
/// <param name="options">Time-outs and attempts.</param>
/// <param name="progress">Told of further attempts.</param>
sealed class RegistrySignatures(ImageReference image, IImageSource registry, Func<SignatureStorage> storage, PullOptions options, IPullProgress progress) : ISignatureSource
{
    /// <summary>As many as containers/image takes: a server that always has one more is broken.</summary>
    private const int MaxSignatures = 128;

    /// <inheritdoc/>
    public string Where
    {
        get
        {
            (string url, string? file) = storage().Lookaside(image);
            string attached = storage().UsesAttachments(image) ? ", and at the image's .sig tag" : "; the image's .sig tag was not looked at, for registries.d does not say use-sigstore-attachments: true";
            return $"{Redact.Text(url)} ({(file is null ? "where nothing in registries.d says another place" : file)}){attached}";
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageSignature>> GetAsync(Digest manifest, CancellationToken cancellationToken) =>
    [
        .. await FromStorageAsync(manifest, cancellationToken),
        .. storage().UsesAttachments(image) ? await AttachedSignatures.GetAsync(image, registry, manifest, cancellationToken) : [],
    ];

    private async Task<IReadOnlyList<ImageSignature>> FromStorageAsync(Digest manifest, CancellationToken cancellationToken)
    {
        (string url, string? file) = storage().Lookaside(image);
        int colon = url.IndexOf(':', StringComparison.Ordinal);
        return (colon < 0 ? "" : url[..colon].ToLowerInvariant()) switch
        {
            "file" => await AllAsync(where => Task.FromResult(ReadFile(where)), number => FilePath(url, manifest, number)),
            "http" or "https" when Uri.TryCreate(url, UriKind.Absolute, out Uri? address) => await FromServerAsync(address, manifest, cancellationToken),
            _ => throw new SysctrException(
                ErrorKind.Policy, $"looking for signatures of {image.Identity}: '{Redact.Text(url)}' is no place for them", $"write a file, http or https URL as lookaside in {file}; see containers-registries.d(5)"),
        };
    }

    private async Task<IReadOnlyList<ImageSignature>> FromServerAsync(Uri address, Digest manifest, CancellationToken cancellationToken)
    {
        using LookasideClient client = new(address, image, options, progress);
        return await AllAsync(where => client.GetAsync(new Uri(where), cancellationToken), number => Address(address, manifest, number).AbsoluteUri);
    }

    private async Task<IReadOnlyList<ImageSignature>> AllAsync(Func<string, Task<byte[]?>> read, Func<int, string> where)
    {
        List<ImageSignature> signatures = [];
        for (int number = 1; ; number++)
        {
            if (number > MaxSignatures)
            {
                throw new SysctrException(ErrorKind.Policy, $"looking for signatures of {image.Identity}: there are more than {MaxSignatures} of them", "a storage that has one for each number is misconfigured");
            }

            string place = where(number);
            if (await read(place) is not { } blob)
            {
                return signatures;
            }

            signatures.Add(SignatureBlob.Parse(Uri.TryCreate(place, UriKind.Absolute, out Uri? address) && !address.IsFile ? Redact.Url(address) : Redact.Text(place), blob));
        }
    }

    private byte[]? ReadFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > SignatureBlob.MaxBytes)
            {
                throw Unreadable(path, $"it is larger than {SignatureBlob.MaxBytes} bytes");
            }

            byte[] blob = new byte[file.Length];
            file.ReadExactly(blob);
            return blob;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unreadable(path, e.Message, e);
        }
    }

    private SysctrException Unreadable(string path, string why, Exception? inner = null) =>
        new(ErrorKind.Policy, $"looking for signatures of {image.Identity}: {Redact.Text(path)}: {why}", "policy.json wants a signature, and this may be one", inner);

    private string Below(Digest manifest, int number) => $"/{image.Repository}@{manifest.Algorithm}={manifest.Hex}/signature-{number}";

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

    private Uri Address(Uri address, Digest manifest, int number) => new UriBuilder(address) { Path = address.AbsolutePath + Below(manifest, number) }.Uri;
}
