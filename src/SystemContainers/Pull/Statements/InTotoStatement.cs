// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>Something that is said about artifacts (in-toto attestation framework, statement v1).</summary>
/// <param name="PredicateType">What kind of thing: a signature of cosign, SLSA's provenance, an SBOM.</param>
/// <param name="Subjects">The sha256 and sha512 digests that it is about.</param>
/// <param name="Predicate">What is said, as JSON.</param>
sealed record InTotoStatement(string PredicateType, IReadOnlySet<Digest> Subjects, byte[] Predicate)
{
    /// <summary>The media type of one, and the type of its envelope.</summary>
    public const string MediaType = "application/vnd.in-toto+json";

    /// <summary>What cosign 3 states where it signs.</summary>
    public const string CosignSignature = "https://sigstore.dev/cosign/sign/v1";

    private const int MaxSubjects = 1024;
    private const int MaxDigests = 32;

    /// <exception cref="SysctrException">Policy: it is another document.</exception>
    public static InTotoStatement Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = StrictMembers.Parse(json, "the statement");
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(document.RootElement, "the statement");
        string type = StrictMembers.Text(members.GetValueOrDefault("_type"), "_type");
        if (type is not ("https://in-toto.io/Statement/v1" or "https://in-toto.io/Statement/v0.1"))
        {
            throw Fault.Of($"the statement is a \"{Redact.Text(type)}\", none of in-toto");
        }

        JsonElement subjects = members.GetValueOrDefault("subject");
        if (subjects.ValueKind != JsonValueKind.Array || subjects.GetArrayLength() is 0 or > MaxSubjects)
        {
            throw Fault.Of($"the statement is about nothing, or about more than {MaxSubjects} artifacts");
        }

        return new InTotoStatement(
            StrictMembers.Text(members.GetValueOrDefault("predicateType"), "predicateType"),
            subjects.EnumerateArray().SelectMany(Digests).ToHashSet(),
            members.TryGetValue("predicate", out JsonElement predicate)
                ? System.Text.Encoding.UTF8.GetBytes(predicate.GetRawText())
                : []
        );
    }

    private static List<Digest> Digests(JsonElement subject)
    {
        List<Digest> digests = [];
        JsonElement listed = StrictMembers.Of(subject, "subject").GetValueOrDefault("digest");
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(listed, "subject.digest");
        if (members.Count > MaxDigests)
        {
            throw Fault.Of($"a subject has more than {MaxDigests} digests");
        }

        foreach ((string algorithm, JsonElement value) in members)
        {
            if (
                Digest.TryParse(
                    $"{algorithm}:{StrictMembers.Text(value, "subject.digest").ToLowerInvariant()}",
                    out Digest digest
                )
            )
            {
                digests.Add(digest);
            }
        }

        return digests;
    }
}
