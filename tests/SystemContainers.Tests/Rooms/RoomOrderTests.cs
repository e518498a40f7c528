// SPDX-License-Identifier: Apache-2.0

using Xunit;

namespace SystemContainers.Tests.Rooms;

public sealed class RoomOrderTests
{
    private const string Samples = "SystemContainers.Tests.Rooms.Samples";

    private static readonly Lazy<IReadOnlyDictionary<(string From, string To), string>> s_uses = new(() =>
        SymbolUses.Of(typeof(RoomOrderTests).Assembly.Location, Samples)
    );

    [Fact]
    public void Uses_that_lead_back_are_a_cycle() =>
        Assert.Equal(["b", "c", "d"], RoomOrder.Cycle([("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("a", "e")]));

    [Fact]
    public void Two_ways_to_one_room_are_no_cycle() =>
        Assert.Null(RoomOrder.Cycle([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]));

    [Fact]
    public void A_list_is_against_what_it_names_too_late_or_never() =>
        Assert.Equal(
            [("b", "c"), ("c", "e")],
            RoomOrder.Against(["a", "b", "c"], [("b", "a"), ("b", "c"), ("c", "e")])
        );

    /// <summary>Each kind of use in this assembly's own metadata: Samples.cs.</summary>
    [Theory]
    [InlineData("Base")]
    [InlineData("Interface")]
    [InlineData("Constraint")]
    [InlineData("Field")]
    [InlineData("Parameter")]
    [InlineData("Argument")]
    [InlineData("Mark")]
    [InlineData("Named")]
    [InlineData("Call")]
    [InlineData("Generic")]
    [InlineData("Instance")]
    [InlineData("Cast")]
    [InlineData("Caught")]
    [InlineData("Lambda")]
    public void A_use_is_found_wherever_it_stands(string kind)
    {
        Assert.Contains(($"{Samples}.By{kind}", $"{Samples}.Used{kind}"), s_uses.Value.Keys);
    }
}
