// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using Xunit;

namespace SystemContainers.Tests.Quadlet;

/// <summary>Lines, words and drop-ins of files, as systemd.syntax(7) and podman's generator read them.</summary>
public sealed class QuadletSyntaxTests
{
    [Fact]
    public void Lines_have_their_section_value_and_place()
    {
        QuadletFaults faults = new();

        IReadOnlyList<QuadletLine> lines = QuadletText.Parse(
            "web.container",
            "# first\n[Container]\n; second\n Image = web \nExec=a \\\n# between\n\n  b\n\n[Unit]\nAfter=x\\",
            faults
        );

        Assert.Empty(faults.All);
        Assert.Equal(
            ["Container.Image=web@4", "Container.Exec=a b@5", "Unit.After=x@11"],
            lines.Select(l => $"{l.Section}.{l.Key}={l.Value.Text}@{l.Value.Place.Line}")
        );
    }

    [Theory]
    [InlineData("Image=x\n[Container]", 1, "before the first section")]
    [InlineData("[Container]\nImage", 2, "neither a section")]
    [InlineData("[Container]\n=x", 2, "neither a section")]
    [InlineData("[]\n", 1, "no name of a section")]
    [InlineData("[Container]\nExec=a\\\nb\n\nnonsense", 5, "neither a section")]
    public void What_is_no_line_is_a_fault_with_its_place(string text, int line, string said)
    {
        QuadletFaults faults = new();

        QuadletText.Parse("web.container", text, faults);

        QuadletFault fault = Assert.Single(faults.All);
        Assert.Equal($"web.container:{line}", fault.Place.ToString());
        Assert.Contains(said, fault.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b\tc", new[] { "a", "b", "c" })]
    [InlineData("'a b' \"c d\"e", new[] { "a b", "c de" })]
    [InlineData("A=\"x y\" ''", new[] { "A=x y", "" })]
    [InlineData(@"\x41\101\u00e9\n\s\\", new[] { "AAé\n \\" })]
    [InlineData(@"'\110ello \127orld'", new[] { "Hello World" })]
    [InlineData("größe 😀", new[] { "größe", "😀" })]
    [InlineData(@"\xc3\xa9", new[] { "é" })]
    [InlineData("   ", new string[0])]
    public void Words_are_unquoted_and_unescaped(string text, string[] words) =>
        Assert.Equal(words, QuadletWords.Escaped(text));

    [Theory]
    [InlineData(@"a\nb c\", new[] { @"a\nb", @"c\" })]
    [InlineData("\"a b\" 'c'", new[] { "a b", "c" })]
    public void Lists_have_no_escapes(string text, string[] words) => Assert.Equal(words, QuadletWords.Plain(text));

    [Theory]
    [InlineData("'a", "not closed")]
    [InlineData("a\"b", "not closed")]
    [InlineData(@"test\.com", @"\. is no escape")]
    [InlineData(@"a\", "ends in a backslash")]
    [InlineData(@"\x0", @"\x is no escape")]
    [InlineData(@"\000", @"\0 is no escape")]
    [InlineData(@"\ud800", @"\u is no escape")]
    [InlineData(@"\777", @"\7 is no escape")]
    public void Bad_quotes_and_escapes_are_refused(string text, string said) =>
        Assert.Contains(
            said,
            Assert.ThrowsAny<FormatException>(() => QuadletWords.Escaped(text)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("web.container", new[] { "web.container.d", "container.d" })]
    [InlineData("a-b-c.container", new[] { "a-b-c.container.d", "a-b-.container.d", "a-.container.d", "container.d" })]
    [InlineData("t@.container", new[] { "t@.container.d", "container.d" })]
    [InlineData(
        "web-x@one.container",
        new[] { "web-x@one.container.d", "web-x@.container.d", "web-@.container.d", "web-.container.d", "container.d" }
    )]
    [InlineData(
        "a-b-c@.container",
        new[]
        {
            "a-b-c@.container.d",
            "a-b-@.container.d",
            "a-b-.container.d",
            "a-@.container.d",
            "a-.container.d",
            "container.d",
        }
    )]
    [InlineData("t@i-j.volume", new[] { "t@i-j.volume.d", "t@.volume.d", "volume.d" })]
    public void Drop_ins_are_looked_for_from_the_closest_directory_on(string name, string[] directories) =>
        Assert.Equal(directories, QuadletFiles.DropInNames(name));

    [Fact]
    public void Drop_ins_are_merged_by_their_names_and_the_closest_of_a_name_counts()
    {
        string directory = Directory.CreateTempSubdirectory("sysctr-quadlet-").FullName;
        try
        {
            Write("a-b.container", "[Container]\nImage=one\nEnvironment=X=1");
            Write("container.d/10-all.conf", "[Container]\nEnvironment=ALL=1");
            Write("container.d/20-same.conf", "[Container]\nImage=far");
            Write("a-.container.d/20-same.conf", "[Container]\nImage=nearer");
            Write("a-b.container.d/20-same.conf", "[Container]\nImage=two");
            Write("a-b.container.d/30-none.conf", "[Container]\nEnvironment=\nEnvironment=Y=2");
            Write("a-b.container.d/ignored.txt", "nonsense");
            Write("sub/c.volume", "[Volume]\nVolumeName=c");
            QuadletFaults faults = new();

            IReadOnlyList<QuadletUnit> units = QuadletFiles.Read([directory], f => f, faults);

            Assert.Empty(faults.All);
            Assert.Equal(["a-b.container", "c.volume"], units.Select(u => u.Name));
            Assert.Equal("two", units[0].Last("Container", "Image")!.Text);
            Assert.Equal(["Y=2"], units[0].All("Container", "Environment").Select(v => v.Text));
            Assert.EndsWith(
                "a-b.container.d/20-same.conf:2",
                units[0].Last("Container", "Image")!.Place.ToString(),
                StringComparison.Ordinal
            );
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        void Write(string name, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, name))!);
            File.WriteAllText(Path.Combine(directory, name), text);
        }
    }
}
