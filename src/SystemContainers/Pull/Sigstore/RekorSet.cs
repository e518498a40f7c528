// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>
/// Rekor's signed entry timestamp: its promise, signed by its key, that an entry is in the log, and since when. It is
/// verified without the log. The rules are those of containers/image (signature/internal/rekor_set.go).
/// </summary>
static class RekorSet
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Throws unless a log promises to hold this signature, of this document, by this key or
    /// certificate.</summary>
    /// <param name="keys">Those of the logs that are trusted.</param>
    /// <param name="set">The promise, as it came.</param>
    /// <param name="signer">The public key or certificate that the entry has to name, as DER.</param>
    /// <param name="signature">The signature that the entry has to hold.</param>
    /// <param name="payload">The document that was signed.</param>
    /// <returns>When the entry came into the log.</returns>
    /// <exception cref="SysctrException">Policy: there is no such promise.</exception>
    public static DateTimeOffset Check(
        IReadOnlyList<VerificationKey> keys,
        string set,
        ReadOnlySpan<byte> signer,
        ReadOnlySpan<byte> signature,
        ReadOnlySpan<byte> payload
    )
    {
        using JsonDocument json = StrictMembers.Parse(
            set.Length <= MaxBytes ? Encoding.UTF8.GetBytes(set) : throw Fault.Of("Rekor's promise is too large"),
            "Rekor's promise"
        );
        IReadOnlyDictionary<string, JsonElement> outer = StrictMembers.Exactly(
            json.RootElement,
            "Rekor's promise",
            "SignedEntryTimestamp",
            "Payload"
        );
        byte[] promise = StrictMembers.Bytes(outer["SignedEntryTimestamp"], "SignedEntryTimestamp");
        byte[] canonical = CanonicalJson.Of(outer["Payload"]);
        CheckPromise(keys, canonical, promise);

        // What was signed is what is read.
        using JsonDocument signed = StrictMembers.Parse(canonical, "Rekor's entry");
        IReadOnlyDictionary<string, JsonElement> entry = StrictMembers.Exactly(
            signed.RootElement,
            "Rekor's entry",
            "body",
            "integratedTime",
            "logIndex",
            "logID"
        );
        _ = StrictMembers.Text(entry["logID"], "logID");
        _ = Number(entry["logIndex"], "logIndex");
        long time = Number(entry["integratedTime"], "integratedTime");
        CheckBody(StrictMembers.Bytes(entry["body"], "body"), signer, signature, payload);
        return Moment(time);
    }

    /// <summary>Throws unless one of the logs signed the canonical form of an entry.</summary>
    /// <exception cref="SysctrException">Policy: none did.</exception>
    public static void CheckPromise(IReadOnlyList<VerificationKey> keys, byte[] canonical, byte[] promise)
    {
        if (!keys.Any(k => k.Verifies(canonical, promise, HashAlgorithmName.SHA256)))
        {
            throw Fault.Of("Rekor's promise is not signed by a trusted log");
        }
    }

    /// <summary>Seconds since 1970 as a time.</summary>
    /// <exception cref="SysctrException">Policy: it is none that a calendar has.</exception>
    public static DateTimeOffset Moment(long seconds) =>
        Fault.Reading("the time of Rekor's entry", () => DateTimeOffset.FromUnixTimeSeconds(seconds));

    /// <summary>Throws unless the body of an entry, a hashedrekord of version 0.0.1, is about a signature.</summary>
    /// <exception cref="SysctrException">Policy: it is about another.</exception>
    public static void CheckBody(
        byte[] body,
        ReadOnlySpan<byte> signer,
        ReadOnlySpan<byte> signature,
        ReadOnlySpan<byte> payload
    )
    {
        using JsonDocument json = StrictMembers.Parse(body, "the body of Rekor's entry");
        IReadOnlyDictionary<string, JsonElement> record = StrictMembers.Of(
            json.RootElement,
            "the body of Rekor's entry"
        );
        if (Member(record, "kind") is var kind && kind != "hashedrekord")
        {
            throw Fault.Of($"Rekor's entry is a \"{Redact.Text(kind)}\", no \"hashedrekord\"");
        }

        if (Member(record, "apiVersion") is var version && version != "0.0.1")
        {
            throw Fault.Of(
                $"Rekor's entry is a hashedrekord of version \"{Redact.Text(version)}\", and 0.0.1 is known"
            );
        }

        IReadOnlyDictionary<string, JsonElement> spec = Inside(record, "spec");
        IReadOnlyDictionary<string, JsonElement> signed = Inside(spec, "signature");
        byte[] named = Block(
            StrictMembers.Bytes(Inside(signed, "publicKey").GetValueOrDefault("content"), "publicKey.content")
        );
        if (!signer.SequenceEqual(named))
        {
            throw Fault.Of("Rekor's entry is about another key or certificate");
        }

        if (!signature.SequenceEqual(StrictMembers.Bytes(signed.GetValueOrDefault("content"), "signature.content")))
        {
            throw Fault.Of("Rekor's entry is about another signature");
        }

        IReadOnlyDictionary<string, JsonElement> hash = Inside(Inside(spec, "data"), "hash");
        if (Member(hash, "algorithm") is var algorithm && algorithm != "sha256")
        {
            throw Fault.Of($"Rekor's entry has a hash of \"{Redact.Text(algorithm)}\", and sha256 is known");
        }

        string expected = Convert.ToHexStringLower(SHA256.HashData(payload));
        if (!string.Equals(Member(hash, "value"), expected, StringComparison.OrdinalIgnoreCase))
        {
            throw Fault.Of("Rekor's entry is about another document");
        }
    }

    /// <summary>The one block of a PEM text behind which nothing stands.</summary>
    /// <exception cref="SysctrException">Policy: it is no such text.</exception>
    public static byte[] Block(ReadOnlySpan<byte> pem) =>
        Pem.TryRead(Encoding.Latin1.GetString(pem), out Pem? block, out ReadOnlySpan<char> rest) && rest.Length == 0
            ? block.Bytes
            : throw Fault.Of("a key or certificate is no PEM text of one block");

    private static long Number(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number)
            ? number
            : throw Fault.Of($"{what} of Rekor's entry is no integer");

    private static string Member(IReadOnlyDictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out JsonElement value)
            ? StrictMembers.Text(value, name)
            : throw Fault.Of($"Rekor's entry has no \"{name}\"");

    private static IReadOnlyDictionary<string, JsonElement> Inside(
        IReadOnlyDictionary<string, JsonElement> members,
        string name
    ) =>
        members.TryGetValue(name, out JsonElement value)
            ? StrictMembers.Of(value, name)
            : throw Fault.Of($"Rekor's entry has no \"{name}\"");
}
