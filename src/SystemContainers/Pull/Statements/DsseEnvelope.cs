// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>A signed document of any type (DSSE 1.0), with the one signature that a bundle may have.</summary>
/// <param name="PayloadType">What the document is.</param>
/// <param name="Payload">The document.</param>
/// <param name="Signature">Of <see cref="Signed"/>.</param>
sealed record DsseEnvelope(string PayloadType, byte[] Payload, byte[] Signature)
{
    /// <exception cref="Errors.SysctrException">Policy: it is malformed, or has not just one signature.</exception>
    public static DsseEnvelope Read(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Among(
            element,
            "dsseEnvelope",
            "payload",
            "payloadType",
            "signatures"
        );
        JsonElement signatures = members.GetValueOrDefault("signatures");
        if (signatures.ValueKind != JsonValueKind.Array || signatures.GetArrayLength() != 1)
        {
            throw Fault.Of("the envelope has not just one signature");
        }

        IReadOnlyDictionary<string, JsonElement> signature = StrictMembers.Among(
            signatures[0],
            "signatures[0]",
            "sig",
            "keyid"
        );
        return new DsseEnvelope(
            StrictMembers.Text(members.GetValueOrDefault("payloadType"), "payloadType"),
            StrictMembers.Bytes(members.GetValueOrDefault("payload"), "payload"),
            StrictMembers.Bytes(signature.GetValueOrDefault("sig"), "sig")
        );
    }

    /// <summary>What is signed: the type and the document, each with its length (DSSE's pre-authentication
    /// encoding).</summary>
    public byte[] Signed()
    {
        byte[] type = Encoding.UTF8.GetBytes(PayloadType);
        return
        [
            .. Encoding.UTF8.GetBytes($"DSSEv1 {type.Length} "),
            .. type,
            .. Encoding.UTF8.GetBytes($" {Payload.Length} "),
            .. Payload,
        ];
    }

    /// <summary>Whether it is signed by a key; with SHA-256, or with the hash that goes with its curve, as clients do
    /// since 2025.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        byte[] signed = Signed();
        return key.Verifies(signed, Signature, HashAlgorithmName.SHA256)
            || (key.UsualHash != HashAlgorithmName.SHA256 && key.Verifies(signed, Signature, key.UsualHash));
    }
}
