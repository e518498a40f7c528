// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Net;

namespace SystemContainers.Pull.X509;

/// <summary>Which names an authority may certify (RFC 5280, 4.2.1.10): those in a permitted tree, where there is one of their kind, and in no excluded one.</summary>
sealed class NameConstraints
{
    private readonly List<(int Kind, string Text, byte[] Bytes)> _permitted = [];
    private readonly List<(int Kind, string Text, byte[] Bytes)> _excluded = [];

    private NameConstraints()
    {
    }

    /// <summary>Whether it constrains kinds of names that are not looked at; a critical one then can't be kept.</summary>
    public bool HasOthers { get; private set; }

    /// <summary>Reads the extension's value.</summary>
    /// <exception cref="AsnContentException">It is malformed.</exception>
    public static NameConstraints Read(ReadOnlyMemory<byte> value)
    {
        AsnReader outer = new(value, AsnEncodingRules.DER);
        AsnReader trees = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        NameConstraints constraints = new();
        foreach ((int tag, List<(int, string, byte[])> list) in ((int, List<(int, string, byte[])>)[])[(0, constraints._permitted), (1, constraints._excluded)])
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
        names.Emails.FirstOrDefault(e => !Allows(1, tree => OfEmail(e, tree.Text)))
        ?? names.Hosts.FirstOrDefault(h => !Allows(2, tree => OfHost(h, tree.Text, dotMeansBelow: false)))
        ?? names.Uris.FirstOrDefault(u => !Allows(6, tree => OfUri(u, tree.Text)))
        ?? names.Addresses.FirstOrDefault(a => !Allows(7, tree => OfAddress(a, tree.Bytes)))?.ToString();

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
                    list.Add(address.Length is 8 or 32 ? (kind, "", address) : throw new AsnContentException("an address has a length of its own"));
                    break;
                default:
                    tree.ReadEncodedValue();
                    HasOthers = true;
                    break;
            }

            tree.ThrowIfNotEmpty();
        }
    }

    private bool Allows(int kind, Func<(int Kind, string Text, byte[] Bytes), bool> holds) =>
        !_excluded.Any(t => t.Kind == kind && holds(t)) && (!_permitted.Any(t => t.Kind == kind) || _permitted.Any(t => t.Kind == kind && holds(t)));

    private static bool OfEmail(string email, string tree)
    {
        int at = email.LastIndexOf('@');
        return tree.Contains('@', StringComparison.Ordinal)
            ? at >= 0 && tree[..tree.LastIndexOf('@')] == email[..at] && tree[(tree.LastIndexOf('@') + 1)..].Equals(email[(at + 1)..], StringComparison.OrdinalIgnoreCase)
            : at >= 0 && (tree.StartsWith('.') ? OfHost(email[(at + 1)..], tree, dotMeansBelow: true) : tree.Equals(email[(at + 1)..], StringComparison.OrdinalIgnoreCase));
    }

    private static bool OfUri(string uri, string tree) =>
        Uri.TryCreate(uri, UriKind.Absolute, out Uri? parsed) && parsed.HostNameType == UriHostNameType.Dns &&
        (tree.StartsWith('.') ? OfHost(parsed.Host, tree, dotMeansBelow: true) : tree.Equals(parsed.Host, StringComparison.OrdinalIgnoreCase));

    // Of hosts, a name holds itself and what is below; of the others, only one that begins with a dot holds what is below.
    private static bool OfHost(string host, string tree, bool dotMeansBelow) =>
        tree.Length == 0 ||
        (!dotMeansBelow && host.Equals(tree.TrimStart('.'), StringComparison.OrdinalIgnoreCase) && !tree.StartsWith('.')) ||
        host.EndsWith(tree.StartsWith('.') ? tree : "." + tree, StringComparison.OrdinalIgnoreCase);

    private static bool OfAddress(IPAddress address, byte[] tree)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length * 2 == tree.Length && bytes.Index().All(b => (b.Item & tree[bytes.Length + b.Index]) == (tree[b.Index] & tree[bytes.Length + b.Index]));
    }
}
