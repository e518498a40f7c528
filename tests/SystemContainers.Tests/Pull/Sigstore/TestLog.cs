// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SystemContainers.Tests.Pull.Sigstore;

/// <summary>A transparency log with a key of its own, which promises whatever a test wants: Rekor's signed entry
/// timestamps, proofs and checkpoints.</summary>
sealed class TestLog : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string KeyPem => _key.ExportSubjectPublicKeyInfoPem();

    public byte[] KeyDer => _key.ExportSubjectPublicKeyInfo();

    public byte[] Id => SHA256.HashData(KeyDer);

    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    public void Dispose() => _key.Dispose();

    /// <summary>The body of an entry for a signature of a document.</summary>
    public static string HashedRekord(
        string signerPem,
        byte[] signature,
        byte[] payload,
        string version = "0.0.1",
        string kind = "hashedrekord",
        string algorithm = "sha256"
    ) =>
        $$$$$"""{"apiVersion":"{{{{{version}}}}}","kind":"{{{{{kind}}}}}","spec":{"data":{"hash":{"algorithm":"{{{{{algorithm}}}}}","value":"{{{{{Hex(SHA256.HashData(payload))}}}}}"}},"signature":{"content":"{{{{{Convert.ToBase64String(signature)}}}}}","publicKey":{"content":"{{{{{Base64(signerPem)}}}}}"}}}}""";

    /// <summary>The promise about an entry, as cosign 2 attaches it.</summary>
    public string Promise(string body, DateTimeOffset time, bool reordered = false, string more = "")
    {
        string canonical = Canonical(body, time);
        string payload = reordered
            ? $$"""{"logID": "{{Hex(Id)}}", "logIndex": 7.0e0, "integratedTime": {{time.ToUnixTimeSeconds()}}, "body": "{{Base64(body)}}" }"""
            : canonical;
        return $$"""{"SignedEntryTimestamp":"{{Convert.ToBase64String(Sign(canonical))}}","Payload":{{payload}}{{more}}}""";
    }

    public byte[] PromiseBytes(string body, DateTimeOffset time) => Sign(Canonical(body, time));

    /// <summary>The checkpoint of a log whose tree has just one leaf.</summary>
    public string Checkpoint(string origin, byte[] root, long size = 1)
    {
        string text = $"{origin} - 42\n{size.ToString(CultureInfo.InvariantCulture)}\n{Convert.ToBase64String(root)}\n";
        byte[] hint = Id[..4];
        return $"{text}\n\u2014 {origin} {Convert.ToBase64String([.. hint, .. Sign(text)])}\n";
    }

    public byte[] Sign(string text) =>
        _key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private string Canonical(string body, DateTimeOffset time) =>
        $$"""{"body":"{{Base64(body)}}","integratedTime":{{time.ToUnixTimeSeconds()}},"logID":"{{Hex(Id)}}","logIndex":7}""";
}
