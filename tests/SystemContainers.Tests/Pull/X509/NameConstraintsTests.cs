// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using SystemContainers.Pull.X509;
using Xunit;

namespace SystemContainers.Tests.Pull.X509;

public sealed class NameConstraintsTests
{
    private const int Email = 1;
    private const int Host = 2;
    private const int Uri = 6;

    [Theory]
    [InlineData(Host, "example.com", "a.example.com", true)]
    [InlineData(Host, "example.com", "aexample.com", false)]
    [InlineData(Host, "example.com", "*.example.com", true)]
    [InlineData(Host, "a.example.com", "*.example.com", true)]
    [InlineData(Host, "A.Example.com", "*.example.COM", true)]
    [InlineData(Host, "b.a.example.com", "*.example.com", false)]
    [InlineData(Host, "a.example.org", "*.example.com", false)]
    [InlineData(Host, "aexample.com", "*.example.com", false)]
    [InlineData(Email, "example.com", "a@example.com", true)]
    [InlineData(Email, "example.com", "a@example.org", false)]
    [InlineData(Uri, "example.com", "https://example.com/x", true)]
    [InlineData(Uri, "example.com", "https://example.org/x", false)]
    public void A_name_that_may_be_in_an_excluded_tree_is_refused(int kind, string tree, string name, bool refused)
    {
        Assert.Equal(refused ? name : null, Constraints(excluded: (kind, tree)).Refused(Names((kind, name))));
    }

    [Theory]
    [InlineData(Host, "example.com", "a.example.com", false)]
    [InlineData(Host, "example.com", "*.example.com", false)]
    [InlineData(Host, "a.example.com", "*.example.com", true)]
    public void A_name_has_to_be_in_a_permitted_tree(int kind, string tree, string name, bool refused)
    {
        Assert.Equal(refused ? name : null, Constraints(permitted: (kind, tree)).Refused(Names((kind, name))));
    }

    [Theory]
    [InlineData(Host, "a..example.org")]
    [InlineData(Host, "example.org.")]
    [InlineData(Host, "")]
    [InlineData(Host, "a b.example.org")]
    [InlineData(Email, "nobody")]
    [InlineData(Email, "@example.org")]
    [InlineData(Email, "a@")]
    [InlineData(Uri, "https://127.0.0.1/x")]
    [InlineData(Uri, "urn:x:y")]
    [InlineData(Uri, "relative")]
    public void A_name_that_can_not_be_read_is_refused_where_its_kind_is_constrained(int kind, string name)
    {
        Assert.Equal(name, Constraints(excluded: (kind, "example.com")).Refused(Names((kind, name))));
        Assert.Null(Constraints(excluded: (kind == Host ? Email : Host, "example.com")).Refused(Names((kind, name))));
    }

    private static NameConstraints Constraints(
        (int Kind, string Tree)? permitted = null,
        (int Kind, string Tree)? excluded = null
    )
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (
                (int tag, (int Kind, string Tree)? tree) in (((int, (int, string)?)[])[(0, permitted), (1, excluded)])
            )
            {
                if (tree is { } one)
                {
                    using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, tag)))
                    using (writer.PushSequence())
                    {
                        writer.WriteCharacterString(
                            UniversalTagNumber.IA5String,
                            one.Tree,
                            new Asn1Tag(TagClass.ContextSpecific, one.Kind)
                        );
                    }
                }
            }
        }

        return NameConstraints.Read(writer.Encode());
    }

    private static SubjectNames Names((int Kind, string Name) name)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(
                UniversalTagNumber.IA5String,
                name.Name,
                new Asn1Tag(TagClass.ContextSpecific, name.Kind)
            );
        }

        return SubjectNames.Read(writer.Encode());
    }
}
