// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>The one kind of entry that Rekor's second version has (rekor-tiles, hashedrekord.proto), in its canonical
/// form: a hash, a signature of it, and by what that is verified.</summary>
static class HashedRekord
{
    /// <summary>Kind and version.</summary>
    public const string Kind = "hashedrekord/0.0.2";

    private static readonly Dictionary<string, HashAlgorithmName> s_hashes = new(StringComparer.Ordinal)
    {
        ["SHA2_256"] = HashAlgorithmName.SHA256,
        ["SHA2_384"] = HashAlgorithmName.SHA384,
        ["SHA2_512"] = HashAlgorithmName.SHA512,
    };

    /// <summary>Throws unless an entry is about a signed document.</summary>
    /// <param name="body">The entry.</param>
    /// <param name="envelope">The document.</param>
    /// <param name="signer">Whose key signed it.</param>
    /// <exception cref="SysctrException">Policy: it is about another, or another kind of entry.</exception>
    public static void Check(byte[] body, DsseEnvelope envelope, EntrySigner signer)
    {
        using JsonDocument json = StrictMembers.Parse(body, "the body of the log's entry");
        IReadOnlyDictionary<string, JsonElement> entry = StrictMembers.Exactly(
            json.RootElement,
            "the body of the log's entry",
            "apiVersion",
            "kind",
            "spec"
        );
        if (
            $"{StrictMembers.Text(entry["kind"], "kind")}/{StrictMembers.Text(entry["apiVersion"], "apiVersion")}"
            != Kind
        )
        {
            throw Fault.Of("the log's entry is of another kind than the bundle says");
        }

        JsonElement spec = StrictMembers.Exactly(entry["spec"], "spec", "hashedRekordV002")["hashedRekordV002"];
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Exactly(
            spec,
            "hashedRekordV002",
            "data",
            "signature"
        );
        IReadOnlyDictionary<string, JsonElement> signature = StrictMembers.Exactly(
            members["signature"],
            "signature",
            "content",
            "verifier"
        );
        CheckVerifier(signature["verifier"], signer);
        CheckData(StrictMembers.Exactly(members["data"], "data", "algorithm", "digest"), envelope, signer.Key);
        if (!StrictMembers.Bytes(signature["content"], "content").AsSpan().SequenceEqual(envelope.Signature))
        {
            throw Fault.Of("the log's entry is about another signature");
        }
    }

    private static void CheckVerifier(JsonElement element, EntrySigner signer)
    {
        string kind = signer.Certificate is null ? "publicKey" : "x509Certificate";
        IReadOnlyDictionary<string, JsonElement> verifier = StrictMembers.Among(
            element,
            "verifier",
            "keyDetails",
            "publicKey",
            "x509Certificate"
        );
        string details =
            signer.Key.Details ?? throw Fault.Of("the log's entry is about a key of a kind that signs no hash");
        if (
            verifier.Count != 2
            || !verifier.TryGetValue(kind, out JsonElement holder)
            || !StrictMembers
                .Bytes(StrictMembers.Exactly(holder, kind, "rawBytes")["rawBytes"], "rawBytes")
                .AsSpan()
                .SequenceEqual(signer.Der.Span)
            || StrictMembers.Text(verifier.GetValueOrDefault("keyDetails"), "keyDetails") != details
        )
        {
            throw Fault.Of("the log's entry is about another key or certificate");
        }
    }

    // What is hashed is what is signed, with its type; the hash is the one of the key's kind.
    private static void CheckData(
        IReadOnlyDictionary<string, JsonElement> data,
        DsseEnvelope envelope,
        VerificationKey key
    )
    {
        string name = StrictMembers.Text(data["algorithm"], "algorithm");
        if (!s_hashes.TryGetValue(name, out HashAlgorithmName hash) || hash != key.UsualHash)
        {
            throw Fault.Of($"the log's entry has a hash of \"{Redact.Text(name)}\", which does not go with the key");
        }

        if (
            !StrictMembers
                .Bytes(data["digest"], "digest")
                .AsSpan()
                .SequenceEqual(CryptographicOperations.HashData(hash, envelope.Signed()))
        )
        {
            throw Fault.Of("the log's entry is about another document");
        }
    }
}
