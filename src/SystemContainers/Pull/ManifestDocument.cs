// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Sources;

namespace SystemContainers.Pull;

/// <summary>A fetched manifest or index, once its kind is beyond doubt. One of the two is set.</summary>
/// <param name="Digest">Of the bytes.</param>
/// <param name="Bytes">As they were fetched.</param>
/// <param name="MediaType">Of them: what they call themselves, or else what the source does.</param>
sealed record ManifestDocument(
    ImageManifest? Manifest,
    ImageIndex? Index,
    Digest Digest,
    byte[] Bytes,
    string MediaType
)
{
    private const int MaxDepth = 32;

    /// <summary>Verifies and parses.</summary>
    /// <param name="raw">What the source gave.</param>
    /// <param name="expected">The digest it was asked for by; null for a tag.</param>
    /// <param name="size">The size that an index says; null where nothing says one.</param>
    /// <param name="doing">"fetching the manifest of X", for messages.</param>
    /// <exception cref="SysctrException">Corrupt: other bytes, malformed, or a kind that we do not take.</exception>
    public static ManifestDocument Read(RawManifest raw, Digest? expected, long? size, string doing)
    {
        Digest digest = Verify(raw, expected, size, doing);
        try
        {
            string kind = Kind(raw, doing);
            if (MediaTypes.IsIndex(kind))
            {
                return new ManifestDocument(null, ImageIndex.Parse(raw.Bytes), digest, raw.Bytes, kind);
            }

            ImageManifest manifest =
                JsonSerializer.Deserialize(raw.Bytes, OciJson.Default.ImageManifest)
                ?? throw new JsonException("it is null");
            CheckElements(manifest.Layers);
            return new ManifestDocument(manifest, null, digest, raw.Bytes, kind);
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it is malformed: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }
    }

    private static Digest Verify(RawManifest raw, Digest? expected, long? size, string doing)
    {
        if (size is { } bytes && bytes != raw.Bytes.Length)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it has {raw.Bytes.Length} bytes, the index says {bytes}"
            );
        }

        // By a tag, the registry's own header is the only other witness; it catches a proxy that rewrites bodies.
        Digest digest = expected ?? raw.Announced ?? Digest.Sha256(raw.Bytes);
        Digest actual = Digest.FromHash(
            digest.HashName,
            System.Security.Cryptography.CryptographicOperations.HashData(digest.HashName, raw.Bytes)
        );
        return actual == digest
            ? digest
            : throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it should be {digest} and is {actual}",
                "the registry or a proxy on the way changes manifests; try another mirror"
            );
    }

    /// <summary>
    /// The media type. Attack: a document that is a manifest to one reader and an index to another (CVE-2021-41190), so
    /// that what was checked is not what is run. So header, body and shape must agree, and no name may stand twice.
    /// </summary>
    private static string Kind(RawManifest raw, string doing)
    {
        using JsonDocument json = StrictJson.Parse(raw.Bytes, MaxDepth);
        JsonElement root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("it is no object");
        }

        bool index = root.TryGetProperty("manifests", out _);
        bool manifest = root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _);
        string? inside =
            root.TryGetProperty("mediaType", out JsonElement type) && type.ValueKind == JsonValueKind.String
                ? type.GetString()
                : null;
        string? outside = raw.MediaType
            is null
                or ""
                or "application/json"
                or "application/octet-stream"
                or "text/plain"
            ? null
            : raw.MediaType;
        bool first =
            root.TryGetProperty("schemaVersion", out JsonElement version)
            && version.ValueKind == JsonValueKind.Number
            && version.TryGetInt32(out int number)
            && number == 1;
        if (
            first
            || inside == MediaTypes.DockerSchema1
            || (outside ?? "").StartsWith("application/vnd.docker.distribution.manifest.v1+", StringComparison.Ordinal)
        )
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it is in Docker's schema 1, which can't be verified and was given up in 2017",
                "convert it once: skopeo copy --format oci docker://OLD docker://NEW"
            );
        }

        string kind = inside ?? outside ?? (index ? MediaTypes.OciIndex : MediaTypes.OciManifest);
        if (inside is not null && outside is not null && inside != outside)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it is called {Redact.Text(outside)} and calls itself {Redact.Text(inside)}"
            );
        }

        if (!MediaTypes.IsIndex(kind) && !MediaTypes.IsManifest(kind))
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: {Redact.Text(kind)} is no image",
                "only OCI and Docker schema 2 images can be installed"
            );
        }

        return index == manifest || index != MediaTypes.IsIndex(kind)
            ? throw new SysctrException(ErrorKind.Corrupt, $"{doing}: its content is not that of a {kind}")
            : kind;
    }

    // The serializer keeps nulls out of properties, not out of lists.
    private static void CheckElements(IReadOnlyList<Descriptor?> descriptors)
    {
        if (descriptors.Contains(null))
        {
            throw new JsonException("a descriptor is null");
        }
    }
}
