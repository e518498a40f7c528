// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>A signed statement with all that it is verified by, in one document (protobuf-specs,
/// sigstore_bundle.proto): what cosign 3 writes. Nothing of it is to be trusted.</summary>
/// <param name="Envelope">The statement.</param>
/// <param name="Certificates">The signer's, then those above it; empty where a key signed.</param>
/// <param name="Entries">What logs say of it.</param>
/// <param name="Timestamps">What authorities for timestamps answered (RFC 3161), as it came.</param>
sealed record SigstoreBundle(
    DsseEnvelope Envelope,
    IReadOnlyList<Certificate> Certificates,
    IReadOnlyList<LogEntry> Entries,
    IReadOnlyList<byte[]> Timestamps
)
{
    /// <summary>The type of an artifact that holds one, and of its layer.</summary>
    public const string MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

    /// <summary>The largest one that is read, in bytes: an SBOM is part of it.</summary>
    public const int MaxBytes = 32 << 20;

    // sigstore-go's bounds, too.
    private const int MaxEntries = 32;
    private const int MaxTimestamps = 32;
    private const int MaxCertificates = 10;

    /// <summary>Whether a media type is a bundle's, of any version.</summary>
    public static bool IsMediaType(string? type) =>
        type is not null && type.StartsWith("application/vnd.dev.sigstore.bundle", StringComparison.Ordinal);

    /// <summary>Reads one, of versions 0.1 to 0.3.</summary>
    /// <exception cref="SysctrException">Policy: it is malformed, or holds something else than a statement.</exception>
    public static SigstoreBundle Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = StrictMembers.Parse(
            json.Length <= MaxBytes ? json : throw Fault.Of($"the bundle is larger than {MaxBytes} bytes"),
            "the bundle"
        );
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Among(
            document.RootElement,
            "the bundle",
            "mediaType",
            "verificationMaterial",
            "dsseEnvelope",
            "messageSignature"
        );
        int version = StrictMembers.Text(members.GetValueOrDefault("mediaType"), "mediaType") switch
        {
            "application/vnd.dev.sigstore.bundle+json;version=0.1" => 1,
            "application/vnd.dev.sigstore.bundle+json;version=0.2" => 2,
            MediaType or "application/vnd.dev.sigstore.bundle+json;version=0.3" => 3,
            { } other => throw Fault.Of($"the bundle is a {Redact.Text(other)}, and versions up to 0.3 are known"),
        };
        if (!members.TryGetValue("dsseEnvelope", out JsonElement envelope) || members.ContainsKey("messageSignature"))
        {
            throw Fault.Of("the bundle holds a bare signature, no statement about an image");
        }

        IReadOnlyDictionary<string, JsonElement> material = StrictMembers.Among(
            members.GetValueOrDefault("verificationMaterial"),
            "verificationMaterial",
            "certificate",
            "x509CertificateChain",
            "publicKey",
            "tlogEntries",
            "timestampVerificationData"
        );
        string[] kinds = [.. material.Keys.Where(k => k is "certificate" or "x509CertificateChain" or "publicKey")];
        if (kinds.Length != 1 || (version == 3 && kinds[0] == "x509CertificateChain"))
        {
            throw Fault.Of("the bundle does not name just one key or certificate");
        }

        LogEntry[] entries = [.. Items(material, "tlogEntries", MaxEntries).Select(LogEntry.Read)];
        if (entries.Length > 0 && !entries.Any(e => version == 1 ? e.Promise is not null : e.Proof is not null))
        {
            throw Fault.Of(version == 1 ? "the bundle has no promise of a log" : "the bundle has no proof of a log");
        }

        return new SigstoreBundle(DsseEnvelope.Read(envelope), Chain(material, kinds[0]), entries, Stamps(material));
    }

    private static byte[][] Stamps(IReadOnlyDictionary<string, JsonElement> material)
    {
        const string name = "timestampVerificationData";
        return !material.TryGetValue(name, out JsonElement data) || data.ValueKind == JsonValueKind.Null
            ? []
            :
            [
                .. Items(StrictMembers.Among(data, name, "rfc3161Timestamps"), "rfc3161Timestamps", MaxTimestamps)
                    .Select(t =>
                        StrictMembers.Bytes(
                            StrictMembers.Exactly(t, "rfc3161Timestamps", "signedTimestamp")["signedTimestamp"],
                            "signedTimestamp"
                        )
                    ),
            ];
    }

    private static Certificate[] Chain(IReadOnlyDictionary<string, JsonElement> material, string kind)
    {
        switch (kind)
        {
            case "certificate":
                return [Der(material[kind])];
            case "x509CertificateChain":
                Certificate[] chain =
                [
                    .. Items(StrictMembers.Among(material[kind], kind, "certificates"), "certificates", MaxCertificates)
                        .Select(Der),
                ];
                return chain.Length > 0 ? chain : throw Fault.Of("the bundle's chain has no certificate");
            default:
                // Its hint of a key is for who looks keys up by it; here all that are trusted are tried.
                StrictMembers.Among(material[kind], kind, "hint");
                return [];
        }
    }

    private static Certificate Der(JsonElement element) =>
        Certificate.Read(
            StrictMembers.Bytes(
                StrictMembers.Among(element, "certificate", "rawBytes").GetValueOrDefault("rawBytes"),
                "rawBytes"
            )
        );

    private static JsonElement[] Items(IReadOnlyDictionary<string, JsonElement> members, string name, int most) =>
        !members.TryGetValue(name, out JsonElement list) || list.ValueKind == JsonValueKind.Null ? []
        : list.ValueKind == JsonValueKind.Array && list.GetArrayLength() <= most ? [.. list.EnumerateArray()]
        : throw Fault.Of($"{name} of the bundle is no array, or has more than {most} elements");
}
