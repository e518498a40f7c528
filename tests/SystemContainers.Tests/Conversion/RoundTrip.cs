// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using SystemContainers.Conversion.Run;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Conversion;

/// <summary>Converted files as apply's reader takes them.</summary>
static class RoundTrip
{
    /// <summary>The files of a command.</summary>
    public static ConvertedFiles Run(
        string command,
        bool isUser = false,
        Dictionary<string, string>? variables = null
    ) =>
        RunConversion.Translate(
            ShellWords.Command(command),
            null,
            "test",
            new RunContext { Directory = "/work/dir", Variables = variables ?? [] },
            isUser
        );

    /// <summary>What was written, read back; nothing of it is refused.</summary>
    public static QuadletSet Read(ConvertedFiles files)
    {
        QuadletFaults faults = new();
        QuadletSet set = QuadletSet.Read(
            [
                .. files.All.Select(f => new QuadletUnit(
                    f.Name,
                    f.Name,
                    QuadletText.Parse(f.Name, f.Render().Text, faults)
                )),
            ],
            new QuadletHost { LooksAtHost = false, IsUser = files.IsUser },
            faults
        );
        Assert.Empty(faults.All);
        return set;
    }

    /// <summary>The settings of the only container.</summary>
    public static ContainerSettings Settings(ConvertedFiles files) =>
        Assert.Single(Read(files).Containers).Request.Settings;

    /// <summary>What has no counterpart, a line each.</summary>
    public static string Lost(ConvertedFiles files) =>
        string.Join('\n', files.Findings.Where(f => f.Lost).Select(f => f.ToString()));
}
