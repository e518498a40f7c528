// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Net;

namespace SystemContainers.Pull.X509;

/// <summary>Which names an authority may certify (RFC 5280, 4.2.1.10): those in a permitted tree, where there is one of
/// their kind, and in no excluded one.</summary>
sealed class NameConstraints
{
    private readonly List<(int Kind, string Text, byte[] Bytes)> _permitted = [];
    private readonly List<(int Kind, string Text, byte[] Bytes)> _excluded = [];

    private NameConstraints() { }

    /// <summary>Whether it constrains kinds of names that are not looked at; a critical one then can't be
    /// kept.</summary>
    public bool HasOthers { get; private set; }

    /// <summary>Reads the extension's value.</summary>
    /// <exception cref="AsnContentException">It is malformed.</exception>
    public static NameConstraints Read(ReadOnlyMemory<byte> value)
    {
        AsnReader outer = new(value, AsnEncodingRules.DER);
        AsnReader trees = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        NameConstraints constraints = new();
        foreach (
            (int tag, List<(int, string, byte[])> list) in ((int, List<(int, string, byte[])>)[])
                [(0, constraints._permitted), (1, constraints._excluded)]
        )
        {
            Asn1Tag wanted = new(TagClass.ContextSpecific, tag, isConstructed: true);
            if (trees.HasData && trees.PeekTag() == wanted)
            {
                constraints.ReadTrees(trees.ReadSequence(wanted), list);
            }
        }

        trees.ThrowIfNotEmpty();
        return constraints;
    }

    /// <summary>The first name that may not be certified; null where all may.</summary>
    public string? Refused(SubjectNames names) =>
        names.Emails.FirstOrDefault(e => !Allows(1, IsEmail(e), tree => OfEmail(e, tree.Text)))
        ?? names.Hosts.FirstOrDefault(h =>
            !Allows(2, IsHost(h), tree => OfHost(h, tree.Text, dotMeansBelow: false))
            || _excluded.Exists(t => t.Kind == 2 && MayBe(h, t.Text))
        )
        ?? names.Uris.FirstOrDefault(u => !Allows(6, HostOf(u) is not null, tree => OfUri(u, tree.Text)))
        ?? names.Addresses.FirstOrDefault(a => !Allows(7, true, tree => OfAddress(a, tree.Bytes)))?.ToString();

    private void ReadTrees(AsnReader trees, List<(int, string, byte[])> list)
    {
        while (trees.HasData)
        {
            AsnReader tree = trees.ReadSequence();
            Asn1Tag tag = tree.PeekTag();
            int kind = tag.TagClass == TagClass.ContextSpecific ? tag.TagValue : -1;
            switch (kind)
            {
                case 1 or 2 or 6:
                    list.Add((kind, tree.ReadCharacterString(UniversalTagNumber.IA5String, tag), []));
                    break;
                case 7:
                    byte[] address = tree.ReadOctetString(tag);
                    list.Add(
                        address.Length is 8 or 32
                            ? (kind, "", address)
                            : throw new AsnContentException("an address has a length of its own")
                    );
                    break;
                default:
                    tree.ReadEncodedValue();
                    HasOthers = true;
                    break;
            }

            tree.ThrowIfNotEmpty();
        }
    }

    /// <summary>Whether a name is in the right trees. Attack: one that nobody can read is in no excluded tree, and
    /// somebody else reads it after all.</summary>
    private bool Allows(int kind, bool isReadable, Func<(int Kind, string Text, byte[] Bytes), bool> holds)
    {
        (int Kind, string Text, byte[] Bytes)[] permitted = [.. _permitted.Where(t => t.Kind == kind)],
            excluded = [.. _excluded.Where(t => t.Kind == kind)];
        return permitted.Length + excluded.Length == 0
            || (isReadable && !excluded.Any(holds) && (permitted.Length == 0 || permitted.Any(holds)));
    }

    /// <summary>Whether a name with a wildcard stands for one in a tree: <c>*.example.com</c> for <c>a.example.com</c>,
    /// and so for that tree's own name.</summary>
    private static bool MayBe(string host, string tree) =>
        host.StartsWith("*.", StringComparison.Ordinal)
        && tree.EndsWith(host[1..], StringComparison.OrdinalIgnoreCase)
        && !tree.StartsWith('.')
        && !tree[..^(host.Length - 1)].Contains('.', StringComparison.Ordinal);

    private static bool IsHost(string host) =>
        host.Split('.').All(label => label.Length > 0 && label.All(c => c is > ' ' and <= '~'));

    private static bool IsEmail(string email) => email.LastIndexOf('@') is > 0 and int at && IsHost(email[(at + 1)..]);

    /// <summary>Null where it has none, or an address, which no tree holds.</summary>
    private static string? HostOf(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out Uri? parsed)
        && parsed.HostNameType == UriHostNameType.Dns
        && IsHost(parsed.Host)
            ? parsed.Host
            : null;

    private static bool OfEmail(string email, string tree)
    {
        int at = email.LastIndexOf('@');
        return tree.Contains('@', StringComparison.Ordinal)
            ? at >= 0
                && tree[..tree.LastIndexOf('@')] == email[..at]
                && tree[(tree.LastIndexOf('@') + 1)..].Equals(email[(at + 1)..], StringComparison.OrdinalIgnoreCase)
            : at >= 0
                && (
                    tree.StartsWith('.')
                        ? OfHost(email[(at + 1)..], tree, dotMeansBelow: true)
                        : tree.Equals(email[(at + 1)..], StringComparison.OrdinalIgnoreCase)
                );
    }

    private static bool OfUri(string uri, string tree) =>
        HostOf(uri) is { } host
        && (
            tree.StartsWith('.')
                ? OfHost(host, tree, dotMeansBelow: true)
                : tree.Equals(host, StringComparison.OrdinalIgnoreCase)
        );

    // Of hosts, a name holds itself and what is below; of the others, only one that begins with a dot holds what is
    // below.
    private static bool OfHost(string host, string tree, bool dotMeansBelow) =>
        tree.Length == 0
        || (
            !dotMeansBelow
            && host.Equals(tree.TrimStart('.'), StringComparison.OrdinalIgnoreCase)
            && !tree.StartsWith('.')
        )
        || host.EndsWith(tree.StartsWith('.') ? tree : "." + tree, StringComparison.OrdinalIgnoreCase);

    private static bool OfAddress(IPAddress address, byte[] tree)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length * 2 == tree.Length
            && bytes
                .Index()
                .All(b => (b.Item & tree[bytes.Length + b.Index]) == (tree[b.Index] & tree[bytes.Length + b.Index]));
    }
}
