// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Processes;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.SystemdText;

/// <summary>What we think a tmpfiles.d(5) line says is what systemd-tmpfiles does.</summary>
public sealed class TmpfilesSyntaxTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tmpfiles").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Pieces that mean something to one of the two, put together at random. No dots: nothing may lead out of
    /// the root.</summary>
    private static readonly string[] s_pieces =
    [
        "d",
        "D",
        "f",
        "f+",
        "d!",
        "L",
        "z",
        "Q",
        "O",
        "h",
        " ",
        " ",
        "\t",
        "/a",
        "/b/c",
        "//",
        "/",
        "\"",
        "'",
        "\\",
        "\\\"",
        "\\\\",
        "%%",
        "%",
        "%H",
        "#",
        "# x",
        "-",
        "- - - -",
        "0755",
        "\n",
        "\r",
        "\n",
        "\r\n",
        "\n\r",
        "é",
        "*",
        "x",
        "/var/run/x",
        "=",
    ];

    [Fact]
    [Trait("needs", "programs")]
    public async Task Types_and_paths_are_systemds()
    {
        Random random = new(11);
        string[] texts =
        [
            .. Enumerable.Range(0, 150).Select(_ => RandomText(random)),
            "f+ /c\rd \"/a b\" 0700\n\"d\" \"/q\"'r'\n f /x%%y\0d /z\nd\t/t/ - - - -  \nd \"/open\nd /ba\\d\n",
        ];
        int compared = 0;
        foreach (string text in texts)
        {
            IReadOnlyList<TmpfilesLine> lines = TmpfilesSyntax.Parse(text, c => c == 'S' ? "/var/lib" : null);
            HashSet<string> ours = [.. lines.Where(l => l.Error is null).Select(l => $"{l.Type} {l.Path}")];
            HashSet<string> theirs = await ReadBySystemdAsync(text);

            // What we don't take is refused as a whole; what we take has to be all that systemd would do, and nothing
            // else.
            if (lines.All(l => l.Error is null))
            {
                compared += ours.Count;
                string[] done = [.. ours.Where(o => o[0] is not ('h' or 'L')).Order(StringComparer.Ordinal)];
                Assert.True(
                    done.ToHashSet(StringComparer.Ordinal).IsSupersetOf(theirs.Where(t => t[0] is not ('h' or 'L'))),
                    $"{text}\nours: {string.Join(", ", done)}\ntheirs: {string.Join(", ", theirs)}"
                );
            }
        }

        Assert.True(compared > 20, $"only {compared} lines were good to both");
    }

    [Theory]
    [Trait("needs", "programs")]
    [InlineData("/a b")]
    [InlineData("/a\"b")]
    [InlineData("/a'b\\c")]
    [InlineData("/50%S")]
    [InlineData("/#é")]
    [InlineData("/x\\x41")]
    public async Task A_line_of_ours_is_read_as_it_was_meant(string path)
    {
        TmpfilesLine line = new(0, 'f', "", path) { Mode = "0600", Argument = " %S\\x41\n-\t\u0001é " };
        string text = line + "\n";

        Assert.Equal(line.ToString(), Assert.Single(TmpfilesSyntax.Parse(text)).ToString());
        Assert.Equal([$"f {path}"], await ReadBySystemdAsync(text));
        Assert.Equal(line.Argument, File.ReadAllText(_directory + "/root" + path));
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(_directory + "/root" + path));
    }

    [Theory]
    [InlineData("d", "it has no path")]
    [InlineData("\"\" /x", "it has no type")]
    [InlineData("d \"/x", "quotes")]
    [InlineData("d /x\\x41", "backslash")]
    [InlineData("d /%H", "%H")]
    [InlineData("d x", "absolute")]
    [InlineData("d!! /x", "'!'")]
    [InlineData("f /x - - - - \\q", "escapes")]
    [InlineData("d \"/a\u0001\"", "control")]
    public void A_line_that_systemd_would_not_take_says_why(string line, string why) =>
        Assert.Contains(why, Assert.Single(TmpfilesSyntax.Parse(line)).Error!, StringComparison.Ordinal);

    /// <summary>Mostly pieces in any order, on top of a beginning that makes a line.</summary>
    private static string RandomText(Random random) =>
        string.Concat(
            Enumerable
                .Range(0, random.Next(1, 4))
                .Select(_ =>
                    (random.Next(3) > 0 ? "\n" + s_pieces[random.Next(8)] + " /" : "")
                    + string.Concat(random.GetItems(s_pieces, random.Next(1, 12)))
                )
        );

    /// <summary>Each entry that systemd-tmpfiles acts on, below a directory that stands for the host.</summary>
    private async Task<HashSet<string>> ReadBySystemdAsync(string text)
    {
        string root = _directory + "/root";
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }

        Directory.CreateDirectory(root);
        string file = _directory + "/lines.conf";
        File.WriteAllText(file, text);
        ProcessResult result = await ProcessRunner.RunAsync(
            "env",
            [
                "SYSTEMD_LOG_TARGET=console",
                "SYSTEMD_LOG_LEVEL=debug",
                "SYSTEMD_LOG_COLOR=0",
                "systemd-tmpfiles",
                "--create",
                "--boot",
                $"--root={root}",
                file,
            ],
            CancellationToken.None
        );
        const string Action = "Running create action for entry ";
        return
        [
            .. result
                .Error.Split('\n')
                .Where(l => l.StartsWith(Action, StringComparison.Ordinal))
                .Select(l => l[Action.Length..])
                .Select(l =>
                    $"{l[0]} {(l[2..].StartsWith(root, StringComparison.Ordinal) && l.Length > root.Length + 2 ? l[(root.Length + 2)..] : "/")}"
                ),
        ];
    }
}
