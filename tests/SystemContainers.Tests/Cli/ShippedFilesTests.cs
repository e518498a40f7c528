// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;
using Command = SystemContainers.TestBed.Command;

namespace SystemContainers.Tests.Cli;

/// <summary>What is shipped beside the program, as its own readers find it: units and scripts.</summary>
[Trait("needs", "programs")]
public sealed class ShippedFilesTests : IDisposable
{
    private readonly string _place = Directory.CreateTempSubdirectory("shipped-").FullName;

    public void Dispose() => Directory.Delete(_place, recursive: true);

    [Theory]
    [InlineData("packaging/systemd", "--system", 4)]
    [InlineData("packaging/systemd/user", "--user", 6)]
    public async Task Systemd_finds_nothing_to_say_of_our_units(string folder, string manager, int count)
    {
        TestProgram.Write(Path.Combine(_place, "sysctr"), "#!/bin/sh\n");
        string[] units =
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Workspace.Root, folder))
                .Where(f => Path.GetExtension(f) is ".service" or ".timer")
                .Select(Copied),
        ];

        Assert.Equal(count, units.Length);
        CommandResult result = await Command.RunAsync(
            "env",
            [
                $"XDG_RUNTIME_DIR={_place}",
                "systemd-analyze",
                "verify",
                manager,
                "--man=no",
                "--recursive-errors=no",
                .. units,
            ]
        );
        Assert.Equal((0, ""), (result.ExitCode, result.Error.Trim()));
    }

    [Fact]
    public async Task Shellcheck_finds_nothing_to_say_of_our_scripts()
    {
        await Packages.EnsureAsync();
        string[] scripts =
        [
            .. ((string[])["packaging/deb", "tests/setup", ".ci"])
                .SelectMany(d => Directory.EnumerateFiles(Path.Combine(Workspace.Root, d)))
                .Where(f => File.ReadLines(f).FirstOrDefault() is "#!/bin/sh" or "#!/bin/bash"),
        ];

        Assert.True(scripts.Length >= 8);
        CommandResult result = await Command.RunAsync("shellcheck", scripts);
        Assert.Equal((0, ""), (result.ExitCode, result.Output));
    }

    private string Copied(string unit)
    {
        string copy = Path.Combine(_place, Path.GetFileName(unit));
        File.WriteAllText(copy, File.ReadAllText(unit).Replace("@BINDIR@", _place, StringComparison.Ordinal));
        return copy;
    }
}
