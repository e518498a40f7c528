// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>What a simple signing document says (containers-signature(5), with cosign's type).</summary>
/// <param name="ManifestDigest">The image that was signed.</param>
/// <param name="DockerReference">What its signer calls it.</param>
sealed record SimpleSigning(Digest ManifestDigest, string DockerReference)
{
    /// <summary>What cosign signs.</summary>
    public const string Cosign = "cosign container image signature";

    /// <summary>What is signed by OpenPGP.</summary>
    public const string Atomic = "atomic container signature";

    /// <summary>It has some hundred bytes; one that has more than this was not made by a signer.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Reads one whose signature has been verified. Each member stands there once, and there are no others;
    /// only <c>optional</c> holds anything.</summary>
    /// <param name="type">Its <c>critical.type</c>.</param>
    /// <exception cref="SysctrException">Policy: it is another document.</exception>
    public static SimpleSigning Read(ReadOnlyMemory<byte> payload, string type)
    {
        using JsonDocument json = StrictMembers.Parse(payload, "the signed document");
        IReadOnlyDictionary<string, JsonElement> root = StrictMembers.Exactly(
            json.RootElement,
            "the signed document",
            "critical",
            "optional"
        );
        CheckOptional(root["optional"], mayBeNull: type == Cosign);
        IReadOnlyDictionary<string, JsonElement> critical = StrictMembers.Exactly(
            root["critical"],
            "critical",
            "type",
            "image",
            "identity"
        );
        if (StrictMembers.Text(critical["type"], "critical.type") is var said && said != type)
        {
            throw Fault.Of($"the signed document is a \"{Redact.Text(said)}\", no \"{type}\"");
        }

        string digest = StrictMembers.Text(
            StrictMembers.Exactly(critical["image"], "critical.image", "docker-manifest-digest")[
                "docker-manifest-digest"
            ],
            "docker-manifest-digest"
        );
        string reference = StrictMembers.Text(
            StrictMembers.Exactly(critical["identity"], "critical.identity", "docker-reference")["docker-reference"],
            "docker-reference"
        );
        return Digest.TryParse(digest, out Digest parsed)
            ? new SimpleSigning(parsed, reference)
            : throw Fault.Of($"the signed document is about \"{Redact.Text(digest)}\", which is no digest");
    }

    // cosign writes null where nothing was annotated.
    private static void CheckOptional(JsonElement optional, bool mayBeNull)
    {
        if (mayBeNull && optional.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(optional, "optional");
        if (
            members.TryGetValue("creator", out JsonElement creator)
            && creator.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)
        )
        {
            throw Fault.Of("optional.creator is no string");
        }

        if (
            members.TryGetValue("timestamp", out JsonElement timestamp)
            && timestamp.ValueKind != JsonValueKind.Null
            && !(
                timestamp.ValueKind == JsonValueKind.Number
                && timestamp.TryGetDouble(out double time)
                && Math.Abs(time) < long.MaxValue
                && Math.Truncate(time) == time
            )
        )
        {
            throw Fault.Of("optional.timestamp is no integer");
        }
    }
}
