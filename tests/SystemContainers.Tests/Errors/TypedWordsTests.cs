// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Errors;

public sealed class TypedWordsTests
{
    [Theory]
    [InlineData("/", true, "'sysctr start web' starts it", "'sysctr --user start web' starts it")]
    [InlineData(
        "/",
        true,
        "'sysctr prune' or 'sysctr images prune'; see sysctr(1)",
        "'sysctr --user prune' or 'sysctr --user images prune'; see sysctr(1)"
    )]
    [InlineData("/", true, "'sysctr login'", "'sysctr --user login'")]
    [InlineData("/", false, "'sysctr doctor' says more", "'sysctr doctor' says more")]
    [InlineData("/mnt", false, "'sysctr doctor' says more", "'sysctr --root /mnt doctor' says more")]
    [InlineData("/mnt/my disk", false, "see 'sysctr list'", "see 'sysctr --root \"/mnt/my disk\" list'")]
    [InlineData("/mnt", false, "log in again: 'sysctr login'", "log in again: 'sysctr login'")]
    [InlineData("/mnt", false, "'sysctr --user from podman' asks for yours", null)]
    [InlineData("/", true, "'sysctr --user from podman' asks for yours", null)]
    [InlineData("/mnt", false, "'systemctl start web' starts it", null)]
    [InlineData("/mnt", false, "'sysctr --help' shows what there is", null)]
    public void What_is_told_to_be_typed_is_about_the_host_of_the_call(
        string root,
        bool isUser,
        string text,
        string? told
    )
    {
        string? options = TypedWords.OptionsOf(root, isUser);

        Assert.Equal(told ?? text, TypedWords.For(options, text));
        Assert.Equal(told ?? text, TypedWords.For(options, TypedWords.For(options, text)));
        Assert.Null(TypedWords.For(options, null));
    }
}
