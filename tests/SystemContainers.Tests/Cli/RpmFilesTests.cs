// SPDX-License-Identifier: Apache-2.0

using System.IO.Enumeration;
using SystemContainers.ManPages;
using SystemContainers.TestBed;
using Xunit;
using Command = SystemContainers.TestBed.Command;

namespace SystemContainers.Tests.Cli;

/// <summary>rpmbuild stops at a file that is installed and not listed, and at one that is listed and not there: the
/// %files of the spec are what <c>make install</c> lays down, and the documents that the spec adds.</summary>
public sealed class RpmFilesTests : IDisposable
{
    private readonly string _place = Directory.CreateTempSubdirectory("rpm-files-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_place, recursive: true);

    [Fact]
    public async Task The_spec_lists_what_is_installed()
    {
        string[] spec = await File.ReadAllLinesAsync(
            Path.Combine(Workspace.Root, "packaging/rpm/sysctr.spec"),
            Cancellation
        );
        string[] patterns = Patterns(spec);
        string[] installed =
        [
            .. await InstallAsync(),
            // By the spec's own %install.
            .. patterns.Where(p => p.StartsWith("/usr/share/doc/sysctr/", StringComparison.Ordinal)),
            .. patterns.Where(p => p.StartsWith("/usr/share/licenses/sysctr/", StringComparison.Ordinal)),
        ];

        Assert.All(installed, file => Assert.Contains(patterns, p => Matches(p, file)));
        Assert.All(patterns, p => Assert.Contains(installed, file => Matches(p, file)));
    }

    /// <summary>A directory stands for all that is below it; a pattern's * for a part of a name.</summary>
    private static bool Matches(string pattern, string file) =>
        pattern.EndsWith('/')
            ? file.StartsWith(pattern, StringComparison.Ordinal)
            : pattern.Count(c => c == '/') == file.Count(c => c == '/')
                && FileSystemName.MatchesSimpleExpression(pattern, file, ignoreCase: false);

    private static string[] Patterns(string[] spec)
    {
        // %{!?_unitdir: %global _unitdir /usr/lib/systemd/system}
        (string Name, string Value)[] macros =
        [
            .. from line in spec
            where line.StartsWith("%{!?", StringComparison.Ordinal)
            let words = line.TrimEnd('}').Split(' ')
            select ("%{" + words[2] + "}", words[3]),
        ];
        return
        [
            .. spec.SkipWhile(l => l != "%files")
                .Skip(1)
                .Where(l => l.Length > 0)
                .Select(l =>
                    macros.Aggregate(l.Split(' ')[^1], (at, m) => at.Replace(m.Name, m.Value, StringComparison.Ordinal))
                ),
        ];
    }

    /// <summary>Installs what was built, of which the names alone matter here.</summary>
    private async Task<IEnumerable<string>> InstallAsync()
    {
        string artifacts = Path.Combine(_place, "artifacts");
        Directory.CreateDirectory(Path.Combine(artifacts, "man"));
        foreach (
            string name in Manual
                .Pages(Path.Combine(Workspace.Root, "packaging/man"))
                .Select(p => "man/" + p.Name)
                .Concat(["sysctr", "sysctr-listen"])
        )
        {
            await File.WriteAllTextAsync(Path.Combine(artifacts, name), "", Cancellation);
        }

        foreach (string name in (string[])["Makefile", "Directory.Build.props", "packaging"])
        {
            File.CreateSymbolicLink(Path.Combine(_place, name), Path.Combine(Workspace.Root, name));
        }

        string root = Path.Combine(_place, "root");
        await Command.MustAsync("make", ["-C", _place, "install", $"DESTDIR={root}", "PREFIX=/usr"]);
        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(f => f[root.Length..]);
    }
}
