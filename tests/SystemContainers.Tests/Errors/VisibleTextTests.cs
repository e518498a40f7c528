// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Errors;

/// <summary>What people see of text that others wrote.</summary>
public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("plain text, with $ \\ and % ~", "plain text, with $ \\ and % ~")]
    [InlineData("", "")]
    [InlineData("déjà 漢字 😀 ñ", "déjà 漢字 😀 ñ")]
    [InlineData("\x1b[2J\x1b]0;title\x07", @"\x1b[2J\x1b]0;title\x07")]
    [InlineData("a\nb\r\tc", @"a\nb\r\tc")]
    [InlineData("\0\x08\x7f", @"\x00\x08\x7f")]
    [InlineData("\u009b2J\u0085", @"\x9b2J\x85")]
    [InlineData("a\u202eb\u2066c\u200f\u061c", @"a\u202eb\u2066c\u200f\u061c")]
    [InlineData("\u2028\u2029", @"\u2028\u2029")]
    [InlineData("a\u200bb\u200dc\ufeff\u00ad", @"a\u200bb\u200dc\ufeff\xad")]
    [InlineData("\u00a0\u3000\u3164", @"\xa0\u3000\u3164")]
    [InlineData("\U000e0041\U000e0001", @"\U000e0041\U000e0001")]
    [InlineData("\ue000\uffff", @"\ue000\uffff")]
    public void A_line_hides_nothing(string text, string shown) => Assert.Equal(shown, VisibleText.Line(text));

    [Fact]
    public void Half_a_pair_is_shown()
    {
        // Not as data of a theory: an attribute can't hold it.
        string high = ((char)0xd800).ToString();
        string low = ((char)0xdc00).ToString();

        Assert.Equal(@"\ud800x\udc00", VisibleText.Line(high + "x" + low));
        Assert.Equal(@"x\ud800", VisibleText.Line("x" + high));
        Assert.Equal(@"😀\ud800😀\udc00", VisibleText.Line("😀" + high + "😀" + low));
    }

    [Fact]
    public void A_line_of_a_text_keeps_its_tabs_and_nothing_else() =>
        Assert.Equal(@"	a	b\r\x1b\n", VisibleText.TextLine("\ta\tb\r\x1b\n"));

    [Fact]
    public void A_text_keeps_its_lines_and_shows_what_would_write_over_them() =>
        Assert.Equal(
            ["[Service]", @"ExecStart=/bin/evil\rExecStart=/bin/good", @"#\x1b[1A\x1b[2K"],
            VisibleText.TextLines("[Service]\nExecStart=/bin/evil\rExecStart=/bin/good\n#\x1b[1A\x1b[2K")
        );

    [Fact]
    public void Further_lines_of_a_message_do_not_begin_like_ours() =>
        Assert.Equal(
            "a failed: it said\n    sysctr: all is well\n    \\x1b[A",
            VisibleText.Message("a failed: it said\nsysctr: all is well\r\n\x1b[A")
        );

    [Fact]
    public void No_text_at_all_comes_through_with_a_control_character()
    {
        StringBuilder all = new();
        for (int i = 0; i < 0x11000; i++)
        {
            all.Append(i < 0x10000 ? ((char)i).ToString() : char.ConvertFromUtf32(i));
        }

        foreach (
            string shown in (string[])
                [
                    VisibleText.Line(all.ToString()),
                    .. VisibleText.TextLines(all.ToString()),
                    VisibleText.Message(all.ToString()).Replace("\n", "", StringComparison.Ordinal),
                ]
        )
        {
            Assert.DoesNotContain(shown.Replace("\t", "", StringComparison.Ordinal), char.IsControl);
            Assert.DoesNotContain(
                shown,
                c => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029'
            );
        }
    }
}
