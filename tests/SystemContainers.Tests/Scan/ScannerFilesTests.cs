// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Scan;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Scan;

/// <summary>What a scanner's file says, and what it can't say.</summary>
public sealed class ScannerFilesTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-scanners-").FullName;

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Fact]
    public void All_that_is_shipped_can_be_read() =>
        Assert.Equal(
            ["clamav", "debsecan"],
            ScannerFiles.Load([Path.Combine(Workspace.Root, "packaging/scanners")]).Select(s => s.Name)
        );

    [Fact]
    public void The_administrators_file_stands_in_the_place_of_the_other_and_an_empty_one_takes_it_away()
    {
        Write("usr/a.toml", "command = [\"a\", \"{root}\"]");
        Write("usr/b.toml", "command = [\"b\", \"{root}\"]");
        Write("etc/a.toml", "command = [\"other\", \"{root}\"]\nfound = [4, 5]\ntimeout = 2.5");
        Write("etc/b.toml", "\n");

        Scanner one = Assert.Single(ScannerFiles.Load([_base + "/usr", _base + "/etc", _base + "/none"]));

        Assert.Equal("other", one.Command[0]);
        Assert.Equal(TimeSpan.FromSeconds(2.5), one.Timeout);
        Assert.Equal(
            (ScanVerdict.Clean, ScanVerdict.Found, null),
            (one.Judge(0, []), one.Judge(5, []), one.Judge(1, []))
        );
    }

    [Fact]
    public void Lines_judge_where_the_file_says_so()
    {
        Write("etc/a.toml", "command = [\"a\", \"{root}\"]\nfound-lines = \"^CVE-\"");

        Scanner scanner = ScannerFiles.Load([_base + "/etc"])[0];

        Assert.Equal(ScanVerdict.Found, scanner.Judge(0, ["", "CVE-1"]));
        Assert.Equal(ScanVerdict.Clean, scanner.Judge(0, ["no CVE-1"]));
        Assert.Null(scanner.Judge(1, []));
    }

    [Fact]
    public void Words_of_the_command_are_filled_in_without_a_shell() =>
        Assert.Equal(
            ["p", "--at=/x y", "n;$(z)", "docker://r/i:1", "sha256:00", "{other}"],
            new Scanner("s", ["p", "--at={root}", "{name}", "{image}", "{digest}", "{other}"]).CommandFor(
                "/x y",
                "n;$(z)",
                "docker://r/i:1",
                "sha256:00"
            )
        );

    [Theory]
    [InlineData("description = \"d\"", "'command' is no array")]
    [InlineData("command = []", "'command' is no array")]
    [InlineData("command = [\"\", \"{root}\"]", "'command' is no array")]
    [InlineData("command = [\"a\"]", "'command' is no array")]
    [InlineData("command = \"a {root}\"", "")]
    [InlineData("command = [\"a\", \"{root}\"]\ncolour = 1", "unknown setting 'colour'")]
    [InlineData("command = [\"a\", \"{root}\"]\ntimeout = 0", "'timeout'")]
    [InlineData("command = [\"a\", \"{root}\"]\ntimeout = nan", "'timeout'")]
    [InlineData("command = [\"a\", \"{root}\"]\nclean = [1]", "can't mean both")]
    [InlineData("command = [\"a\", \"{root}\"]\nfound-lines = \"(\"", "'found-lines'")]
    [InlineData("command = [\"a\", \"{root}\"]\nfound-lines = \"(a)\\\\1\"", "'found-lines'")]
    [InlineData("command = [", "")]
    public void What_can_not_be_meant_is_refused_with_the_file(string text, string why)
    {
        Write("etc/wrong.toml", text);

        SysctrException refused = Assert.Throws<SysctrException>(() => ScannerFiles.Load([_base + "/etc"]));

        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.StartsWith($"reading {_base}/etc/wrong.toml: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    private void Write(string path, string text)
    {
        string file = Path.Combine(_base, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
