// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>What a bundle says of its entry in a transparency log, of Rekor's first version or of its second
/// (<see cref="HashedRekord"/>).</summary>
/// <param name="LogId">SHA-256 of the log's key.</param>
/// <param name="Index">The entry's number, over all of the log's trees.</param>
/// <param name="Kind">What the body is: <c>dsse/0.0.1</c>.</param>
/// <param name="IntegratedTime">Seconds since 1970; 0 where the log says none. Only a promise makes it the log's word,
/// and the second version promises nothing.</param>
/// <param name="Promise">Signed by the log: that it holds the entry since then.</param>
/// <param name="Proof">That it does hold it.</param>
sealed record LogEntry(
    byte[] LogId,
    long Index,
    string Kind,
    long IntegratedTime,
    byte[]? Promise,
    InclusionProof? Proof,
    byte[] Body
)
{
    /// <exception cref="SysctrException">Policy: it is malformed.</exception>
    public static LogEntry Read(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Among(
            element,
            "tlogEntries",
            "logIndex",
            "logId",
            "kindVersion",
            "integratedTime",
            "inclusionPromise",
            "inclusionProof",
            "canonicalizedBody"
        );
        IReadOnlyDictionary<string, JsonElement> kind = StrictMembers.Among(
            members.GetValueOrDefault("kindVersion"),
            "kindVersion",
            "kind",
            "version"
        );
        return new LogEntry(
            StrictMembers.Bytes(
                StrictMembers.Among(members.GetValueOrDefault("logId"), "logId", "keyId").GetValueOrDefault("keyId"),
                "keyId"
            ),
            members.TryGetValue("logIndex", out JsonElement index) ? StrictMembers.Integer(index, "logIndex") : 0,
            $"{StrictMembers.Text(kind.GetValueOrDefault("kind"), "kind")}/{StrictMembers.Text(kind.GetValueOrDefault("version"), "version")}",
            members.TryGetValue("integratedTime", out JsonElement time)
                ? StrictMembers.Integer(time, "integratedTime")
                : 0,
            Has("inclusionPromise")
                ? StrictMembers.Bytes(
                    StrictMembers
                        .Among(members["inclusionPromise"], "inclusionPromise", "signedEntryTimestamp")
                        .GetValueOrDefault("signedEntryTimestamp"),
                    "signedEntryTimestamp"
                )
                : null,
            Has("inclusionProof") ? InclusionProof.Read(members["inclusionProof"]) : null,
            StrictMembers.Bytes(members.GetValueOrDefault("canonicalizedBody"), "canonicalizedBody")
        );

        bool Has(string name) =>
            members.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>Whether it is one of Rekor's second version.</summary>
    public bool IsOfSecondVersion => Kind == HashedRekord.Kind;

    /// <summary>Throws unless a log holds this entry, and the entry is about a signed document.</summary>
    /// <param name="log">The log that it names.</param>
    /// <param name="envelope">The document.</param>
    /// <param name="signer">Whom the entry has to name.</param>
    /// <returns>When the log took it in; null where only a proof says that it did, which is no word about the
    /// time.</returns>
    /// <exception cref="SysctrException">Policy: it does not.</exception>
    public DateTimeOffset? Check(TrustedLog log, DsseEnvelope envelope, EntrySigner signer)
    {
        if (IsOfSecondVersion)
        {
            CheckSecond(log, envelope, signer);
            return null;
        }

        if (Promise is null && Proof is null)
        {
            throw Fault.Of("the log's entry has neither promise nor proof");
        }

        if (!log.Key.IsEcdsa)
        {
            throw Fault.Of(
                $"the log's entry is a {Redact.Text(Kind)}, and a log with such a key has only {HashedRekord.Kind}"
            );
        }

        if (Promise is not null)
        {
            RekorSet.CheckPromise([log.Key], Canonical(), Promise);
        }

        Proof?.Check(log, Body);
        CheckBody(envelope, signer.Der.Span);
        if (IntegratedTime == 0)
        {
            return null;
        }

        DateTimeOffset time = RekorSet.Moment(IntegratedTime);
        return !log.CountsAt(time) ? throw Fault.Of("the log's key did not count when it took the entry in")
            : Promise is null ? null
            : time;
    }

    // Index and size are those of the entry and of the checkpoint: what else the proof says of them is to be passed
    // over (rekor-tiles, CLIENTS.md).
    private void CheckSecond(TrustedLog log, DsseEnvelope envelope, EntrySigner signer)
    {
        if (Promise is not null)
        {
            throw Fault.Of("the log's entry has a promise, and Rekor's second version makes none");
        }

        InclusionProof proof = Proof ?? throw Fault.Of("the log's entry has no proof");
        HashedRekord.Check(Body, envelope, signer);
        Checkpoint checkpoint = Checkpoint.Read(proof.Checkpoint, log);
        (proof with { Index = Index, TreeSize = checkpoint.TreeSize, RootHash = checkpoint.RootHash }).CheckRoot(Body);
    }

    // The members in their canonical order; base64 and hexadecimal need no escapes.
    private byte[] Canonical() =>
        Encoding.UTF8.GetBytes(
            $$"""{"body":"{{Convert.ToBase64String(Body)}}","integratedTime":{{IntegratedTime}},"logID":"{{Convert.ToHexStringLower(LogId)}}","logIndex":{{Index}}}"""
        );

    private void CheckBody(DsseEnvelope envelope, ReadOnlySpan<byte> signer)
    {
        using JsonDocument json = StrictMembers.Parse(Body, "the body of the log's entry");
        IReadOnlyDictionary<string, JsonElement> body = StrictMembers.Of(
            json.RootElement,
            "the body of the log's entry"
        );
        string kind =
            $"{StrictMembers.Text(body.GetValueOrDefault("kind"), "kind")}/{StrictMembers.Text(body.GetValueOrDefault("apiVersion"), "apiVersion")}";
        if (kind != Kind)
        {
            throw Fault.Of("the log's entry is of another kind than the bundle says");
        }

        IReadOnlyDictionary<string, JsonElement> spec = StrictMembers.Of(body.GetValueOrDefault("spec"), "spec");
        (JsonElement hash, byte[] signature, byte[] verifier) = kind switch
        {
            "dsse/0.0.1" => OfDsse(spec),
            "intoto/0.0.2" => OfInToto(spec),
            _ => throw Fault.Of(
                $"the log's entry is a {Redact.Text(kind)}, and dsse/0.0.1, intoto/0.0.2 and {HashedRekord.Kind} are known"
            ),
        };
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(hash, "payloadHash");
        if (
            StrictMembers.Text(members.GetValueOrDefault("algorithm"), "algorithm") != "sha256"
            || !StrictMembers
                .Text(members.GetValueOrDefault("value"), "value")
                .Equals(Convert.ToHexStringLower(SHA256.HashData(envelope.Payload)), StringComparison.OrdinalIgnoreCase)
        )
        {
            throw Fault.Of("the log's entry is about another document");
        }

        if (!signature.AsSpan().SequenceEqual(envelope.Signature))
        {
            throw Fault.Of("the log's entry is about another signature");
        }

        if (!signer.SequenceEqual(RekorSet.Block(verifier)))
        {
            throw Fault.Of("the log's entry is about another key or certificate");
        }
    }

    private static (JsonElement Hash, byte[] Signature, byte[] Verifier) OfDsse(
        IReadOnlyDictionary<string, JsonElement> spec
    )
    {
        IReadOnlyDictionary<string, JsonElement> signature = First(spec.GetValueOrDefault("signatures"));
        return (
            spec.GetValueOrDefault("payloadHash"),
            StrictMembers.Bytes(signature.GetValueOrDefault("signature"), "signature"),
            StrictMembers.Bytes(signature.GetValueOrDefault("verifier"), "verifier")
        );
    }

    // The signature stands there in base64 twice over.
    private static (JsonElement Hash, byte[] Signature, byte[] Verifier) OfInToto(
        IReadOnlyDictionary<string, JsonElement> spec
    )
    {
        IReadOnlyDictionary<string, JsonElement> content = StrictMembers.Of(
            spec.GetValueOrDefault("content"),
            "content"
        );
        IReadOnlyDictionary<string, JsonElement> signature = First(
            StrictMembers.Of(content.GetValueOrDefault("envelope"), "envelope").GetValueOrDefault("signatures")
        );
        return (
            content.GetValueOrDefault("payloadHash"),
            StrictMembers.Base64(
                Encoding.Latin1.GetString(StrictMembers.Bytes(signature.GetValueOrDefault("sig"), "sig")),
                "sig"
            ),
            StrictMembers.Bytes(signature.GetValueOrDefault("publicKey"), "publicKey")
        );
    }

    private static IReadOnlyDictionary<string, JsonElement> First(JsonElement signatures) =>
        signatures.ValueKind == JsonValueKind.Array && signatures.GetArrayLength() == 1
            ? StrictMembers.Of(signatures[0], "signatures")
            : throw Fault.Of("the log's entry has not just one signature");
}
