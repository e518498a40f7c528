// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Timestamps;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>Whom a sigstore deployment trusts: its <c>trusted_root.json</c> (protobuf-specs, sigstore_trustroot.proto),
/// which an administrator has put on the host.</summary>
/// <param name="Authorities">For certificates of identities.</param>
/// <param name="Logs">Of signatures.</param>
sealed record TrustedRoot(
    IReadOnlyList<TrustedAuthority> Authorities,
    IReadOnlyList<TrustedLog> Logs,
    IReadOnlyList<TimestampAuthority> Stampers
)
{
    private static readonly string[] s_kinds = ["PKIX_ECDSA_", "PKIX_RSA_PKCS1V15_"];

    /// <summary>The largest such file that is read, in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Reads one. Logs of certificates are passed over, for none is asked here; logs of signatures with keys
    /// of other kinds as well.</summary>
    /// <exception cref="SysctrException">Policy: it is malformed.</exception>
    public static TrustedRoot Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = StrictMembers.Parse(json, "the trusted root");
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(document.RootElement, "the trusted root");
        return new TrustedRoot(
            [.. List(members, "certificateAuthorities").Select(Authority)],
            [.. List(members, "tlogs").Where(IsKnown).Select(Log)],
            [.. List(members, "timestampAuthorities").Select(Stamper)]
        );
    }

    private static TrustedAuthority Authority(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(element, "certificateAuthorities");
        Certificate[] chain = Chain(members);
        if (chain.Length == 0)
        {
            throw Fault.Of("an authority of the trusted root has no certificate");
        }

        (DateTimeOffset? from, DateTimeOffset? to) = Validity(members);
        return new TrustedAuthority(chain[^1], chain[..^1], from, to);
    }

    private static Certificate[] Chain(IReadOnlyDictionary<string, JsonElement> members) =>
        [
            .. List(StrictMembers.Of(members.GetValueOrDefault("certChain"), "certChain"), "certificates")
                .Select(c =>
                    Certificate.Read(
                        StrictMembers.Bytes(
                            StrictMembers.Of(c, "certificates").GetValueOrDefault("rawBytes"),
                            "rawBytes"
                        )
                    )
                ),
        ];

    // One whose certificates can't be read takes nothing from those who need no timestamp.
    private static TimestampAuthority Stamper(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(element, "timestampAuthorities");
        string uri =
            members.TryGetValue("uri", out JsonElement text) && text.ValueKind != JsonValueKind.Null
                ? StrictMembers.Text(text, "uri")
                : "";
        (DateTimeOffset? from, DateTimeOffset? to) = Validity(members);
        try
        {
            return new TimestampAuthority(uri, Chain(members), from, to);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            return new TimestampAuthority(uri, [], from, to)
            {
                Unusable = $"of the trusted root's certificates of it {e.Message}",
            };
        }
    }

    // Of the first version, which signs with ECDSA, and of the second. A log that can't be known here can't be what an
    // entry names.
    private static bool IsKnown(JsonElement element) =>
        Key(StrictMembers.Of(element, "tlogs")).TryGetValue("keyDetails", out JsonElement details)
        && StrictMembers.Text(details, "keyDetails") is var kind
        && (kind == "PKIX_ED25519" || Array.Exists(s_kinds, k => kind.StartsWith(k, StringComparison.Ordinal)));

    private static TrustedLog Log(JsonElement element)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Of(element, "tlogs");
        IReadOnlyDictionary<string, JsonElement> key = Key(members);
        JsonElement named =
            members.TryGetValue("logId", out JsonElement old) && old.ValueKind != JsonValueKind.Null
                ? old
                : members.GetValueOrDefault("checkpointKeyId");
        byte[] id = StrictMembers.Bytes(StrictMembers.Of(named, "logId").GetValueOrDefault("keyId"), "keyId");
        (DateTimeOffset? from, DateTimeOffset? to) = Validity(key);
        if (id.Length < 4 || from is null)
        {
            throw Fault.Of(
                $"a log of the trusted root {(from is null ? "does not say since when its key counts (validFor.start)" : "has no ID")}"
            );
        }

        string? origin =
            members.TryGetValue("baseUrl", out JsonElement url) && url.ValueKind != JsonValueKind.Null
                ? HostOf(StrictMembers.Text(url, "baseUrl"))
                : null;
        return new TrustedLog(
            id,
            VerificationKey.FromSpki(StrictMembers.Bytes(key.GetValueOrDefault("rawBytes"), "rawBytes")),
            from,
            to,
            origin
        );
    }

    // As it is written: a log signs by that name, letter for letter.
    private static string? HostOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed)
        && parsed.Host is { Length: > 0 } host
        && url.IndexOf(host, StringComparison.OrdinalIgnoreCase) is >= 0 and int at
            ? url.Substring(at, host.Length)
            : null;

    private static IReadOnlyDictionary<string, JsonElement> Key(IReadOnlyDictionary<string, JsonElement> log) =>
        StrictMembers.Of(log.GetValueOrDefault("publicKey"), "publicKey");

    private static (DateTimeOffset? From, DateTimeOffset? To) Validity(IReadOnlyDictionary<string, JsonElement> members)
    {
        if (!members.TryGetValue("validFor", out JsonElement period) || period.ValueKind == JsonValueKind.Null)
        {
            return (null, null);
        }

        IReadOnlyDictionary<string, JsonElement> times = StrictMembers.Of(period, "validFor");
        return (Time("start"), Time("end"));

        DateTimeOffset? Time(string name) =>
            !times.TryGetValue(name, out JsonElement time) || time.ValueKind == JsonValueKind.Null ? null
            : DateTimeOffset.TryParse(
                StrictMembers.Text(time, name),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out DateTimeOffset parsed
            )
                ? parsed
            : throw Fault.Of($"validFor.{name} of the trusted root is no time");
    }

    private static JsonElement[] List(IReadOnlyDictionary<string, JsonElement> members, string name) =>
        !members.TryGetValue(name, out JsonElement list) || list.ValueKind == JsonValueKind.Null ? []
        : list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()]
        : throw Fault.Of($"{name} of the trusted root is no array");
}
