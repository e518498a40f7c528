// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>Whom a sigstore deployment trusts: its <c>trusted_root.json</c> (protobuf-specs, sigstore_trustroot.proto), which an administrator has put on the host.</summary>
/// <param name="Authorities">For certificates of identities.</param>
/// <param name="Logs">Of signatures.</param>
sealed record TrustedRoot(IReadOnlyList<TrustedAuthority> Authorities, IReadOnlyList<TrustedLog> Logs)
{
    /// <summary>The largest such file that is read, in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Reads one. Logs of certificates and authorities for timestamps are passed over: neither is asked here.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it is malformed.</exception>
    public static TrustedRoot Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = StrictMembers.Parse(json, "the trusted root");
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(document.RootElement, "the trusted root");
        return new TrustedRoot([.. List(members, "certificateAuthorities").Select(Authority)], [.. List(members, "tlogs").Where(IsKnown).Select(Log)]);
    }

    private static TrustedAuthority Authority(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(element, "certificateAuthorities");
        Certificate[] chain =
        [
            .. List(StrictMembers.Of(members.GetValueOrDefault("certChain"), "certChain"), "certificates")
                .Select(c => Certificate.Read(StrictMembers.Bytes(StrictMembers.Of(c, "certificates").GetValueOrDefault("rawBytes"), "rawBytes"))),
        ];
        if (chain.Length == 0)
        {
            throw Fault.Of("an authority of the trusted root has no certificate");
        }

        (DateTimeOffset? from, DateTimeOffset? to) = Validity(members);
        return new TrustedAuthority(chain[^1], chain[..^1], from, to);
    }

    // Rekor's second version signs with Ed25519 and is not read; its logs can't be what an entry of the first names.
    private static bool IsKnown(JsonElement element) =>
        Key(StrictMembers.Of(element, "tlogs")).TryGetValue("keyDetails", out JsonElement details) && StrictMembers.Text(details, "keyDetails").StartsWith("PKIX_ECDSA_", StringComparison.Ordinal);

    private static TrustedLog Log(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(element, "tlogs");
        IReadOnlyDictionary<string, JsonElement> key = Key(members);
        byte[] id = StrictMembers.Bytes(StrictMembers.Of(members.GetValueOrDefault("logId"), "logId").GetValueOrDefault("keyId"), "keyId");
        (DateTimeOffset? from, DateTimeOffset? to) = Validity(key);
        return new TrustedLog(id.Length >= 4 ? id : throw Fault.Of("a log of the trusted root has no ID"), VerificationKey.FromSpki(StrictMembers.Bytes(key.GetValueOrDefault("rawBytes"), "rawBytes")), from, to);
    }

    private static IReadOnlyDictionary<string, JsonElement> Key(IReadOnlyDictionary<string, JsonElement> log) => StrictMembers.Of(log.GetValueOrDefault("publicKey"), "publicKey");

    private static (DateTimeOffset? From, DateTimeOffset? To) Validity(IReadOnlyDictionary<string, JsonElement> members)
    {
        if (!members.TryGetValue("validFor", out JsonElement period))
        {
            return (null, null);
        }

        IReadOnlyDictionary<string, JsonElement> times = StrictMembers.Of(period, "validFor");
        return (Time("start"), Time("end"));

        DateTimeOffset? Time(string name) => !times.TryGetValue(name, out JsonElement time) ? null
            : DateTimeOffset.TryParse(StrictMembers.Text(time, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset parsed) ? parsed
            : throw Fault.Of($"validFor.{name} of the trusted root is no time");
    }

    private static IEnumerable<JsonElement> List(IReadOnlyDictionary<string, JsonElement> members, string name) =>
        !members.TryGetValue(name, out JsonElement list) ? []
        : list.ValueKind == JsonValueKind.Array ? list.EnumerateArray()
        : throw Fault.Of($"{name} of the trusted root is no array");
}
