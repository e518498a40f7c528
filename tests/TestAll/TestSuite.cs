// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.TestBed;

namespace SystemContainers.TestAll;

/// <summary>A test project: an xunit executable.</summary>
sealed record TestSuite(string Name, string Project)
{
    /// <summary>How much of a text a failed comparison shows: of a run elsewhere there is nothing else to see what was
    /// wrong.</summary>
    private const int ShownCharacters = 3000;

    /// <summary>Every project below tests/ that has tests, the quick ones first.</summary>
    public static IEnumerable<TestSuite> FindAll() =>
        from project in Directory.GetFiles(
            Path.Combine(Workspace.Root, "tests"),
            "*.csproj",
            SearchOption.AllDirectories
        )
        where File.ReadAllText(project).Contains("xunit.v3", StringComparison.Ordinal)
        let name = Path.GetFileNameWithoutExtension(project)
        orderby name.Contains("HostTests", StringComparison.Ordinal), name
        select new TestSuite(name, project);

    /// <summary>Builds and runs it with its output on ours; the exit code, and a report in the file.</summary>
    public async Task<int> RunAsync(string report, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(
            "dotnet",
            [
                "run",
                "--project",
                Project,
                "--configuration",
                "Release",
                "-p:UseSharedCompilation=true",
                "--",
                "-noColor",
                "-printMaxStringLength",
                $"{ShownCharacters}",
                "-result-ctrf",
                report,
                .. arguments,
            ]
        )
        {
            UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
