// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Errors;

public sealed class TypedWordsTests
{
    [Theory]
    [InlineData("'sysctr start web' starts it", "'sysctr --user start web' starts it")]
    [InlineData(
        "'sysctr prune' or 'sysctr images prune'; see sysctr(1)",
        "'sysctr --user prune' or 'sysctr --user images prune'; see sysctr(1)"
    )]
    [InlineData("'sysctr --user from podman' asks for yours", "'sysctr --user from podman' asks for yours")]
    [InlineData("'systemctl start web' starts it", "'systemctl start web' starts it")]
    [InlineData(null, null)]
    public void A_user_is_told_what_a_user_types(string? text, string? told)
    {
        Assert.Equal(told, TypedWords.For(isUser: true, text));
        Assert.Equal(text, TypedWords.For(isUser: false, text));
    }
}
