// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Net;
using SystemContainers.Errors;

namespace SystemContainers.Pull.X509;

/// <summary>The names of a certificate's subjectAltName (RFC 5280, 4.2.1.6) that something is decided by.</summary>
/// <param name="Emails">rfc822Name.</param>
/// <param name="Hosts">dNSName.</param>
/// <param name="Uris">uniformResourceIdentifier.</param>
/// <param name="Addresses">iPAddress.</param>
sealed record SubjectNames(
    IReadOnlyList<string> Emails,
    IReadOnlyList<string> Hosts,
    IReadOnlyList<string> Uris,
    IReadOnlyList<IPAddress> Addresses
)
{
    /// <summary>Those of a certificate without the extension.</summary>
    public static SubjectNames None { get; } = new([], [], [], []);

    /// <summary>Whether there is none of these kinds.</summary>
    public bool IsEmpty => Emails.Count + Hosts.Count + Uris.Count + Addresses.Count == 0;

    /// <summary>Reads the extension's value.</summary>
    /// <exception cref="AsnContentException">It is malformed.</exception>
    public static SubjectNames Read(ReadOnlyMemory<byte> value)
    {
        AsnReader outer = new(value, AsnEncodingRules.DER);
        AsnReader names = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        List<string> emails = [],
            hosts = [],
            uris = [];
        List<IPAddress> addresses = [];
        while (names.HasData)
        {
            Asn1Tag tag = names.PeekTag();
            switch (tag.TagClass == TagClass.ContextSpecific ? tag.TagValue : -1)
            {
                case 1:
                    emails.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    break;
                case 2:
                    hosts.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    break;
                case 6:
                    string uri = names.ReadCharacterString(UniversalTagNumber.IA5String, tag);
                    uris.Add(
                        Uri.TryCreate(uri, UriKind.RelativeOrAbsolute, out _)
                            ? uri
                            : throw new AsnContentException("a URI is none")
                    );
                    break;
                case 7:
                    byte[] address = names.ReadOctetString(tag);
                    addresses.Add(
                        address.Length is 4 or 16
                            ? new IPAddress(address)
                            : throw new AsnContentException("an address has a length of its own")
                    );
                    break;
                default:
                    names.ReadEncodedValue();
                    break;
            }
        }

        return new SubjectNames(emails, hosts, uris, addresses);
    }

    /// <summary>Whether it is the certificate of a host, by its names alone (RFC 6125; Go's VerifyHostname).</summary>
    /// <param name="host">A name or an address, which may be in brackets.</param>
    public bool Holds(string host)
    {
        string bare = host.Length > 2 && host[0] == '[' && host[^1] == ']' ? host[1..^1] : host;
        if (AddressText.Find(bare) is { } address)
        {
            return Addresses.Any(a => a.MapToIPv6().Equals(address.MapToIPv6()));
        }

        string wanted = host.ToLowerInvariant();
        return Hosts.Any(h => Matches(h.ToLowerInvariant(), wanted));
    }

    private static bool Matches(string pattern, string host)
    {
        host = host.TrimEnd('.');
        if (pattern.Length == 0 || host.Length == 0)
        {
            return false;
        }

        string[] labels = pattern.Split('.');
        string[] given = host.Split('.');
        return labels.Length == given.Length
            && labels
                .Zip(given)
                .Index()
                .All(l =>
                    (l.Index == 0 && l.Item.First == "*" && l.Item.Second.Length > 0 && labels.Length > 1)
                    || (l.Item.First == l.Item.Second && l.Item.First.Length > 0)
                );
    }
}
