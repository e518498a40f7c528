// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using SystemContainers.Errors;

namespace SystemContainers.Conversion.Run;

/// <summary>A command line of docker or podman as files.</summary>
static class RunConversion
{
    /// <summary>Options of the tools themselves that say where the container is.</summary>
    private static readonly string[] s_elsewhere =
    [
        "context",
        "c",
        "host",
        "H",
        "connection",
        "url",
        "remote",
        "r",
        "ssh",
        "identity",
    ];

    /// <summary>Options of podman itself that change what a container is or may do.</summary>
    private static readonly string[] s_meant =
    [
        "hooks-dir",
        "cdi-spec-dir",
        "module",
        "runtime-flag",
        "storage-opt",
        "default-mounts-file",
        "registries-conf",
    ];

    /// <param name="words">The command's.</param>
    /// <param name="name">What the container is to be called; null for the name that the command gives, or one of the
    /// image's.</param>
    /// <param name="by">Who writes the files, for their comments.</param>
    /// <param name="context">Where the command is from.</param>
    /// <param name="isUser">Whether it is to be a user's container.</param>
    /// <exception cref="SysctrException">Usage: it is no such command.</exception>
    public static ConvertedFiles Translate(
        IReadOnlyList<string> words,
        string? name,
        string by,
        RunContext context,
        bool isUser
    )
    {
        RunCommandLine line = RunCommandLine.Parse(words);
        string given = name ?? line.Options.LastOrDefault(o => o.Name == "name")?.Value ?? "";
        string stem = given.Length > 0 ? RunConverter.FileNameOf(given) : RunConverter.NameOf(line.Image);
        ConvertedFiles files = new(isUser);
        ConvertedFile file = files.Add(
            $"{stem}.container",
            $"{stem}.container: written by '{by}' of this command:",
            "  " + string.Join(' ', words.Select(Quoted))
        );
        if (given.Length > 0 && stem != given)
        {
            file.Note($"--name {given}", $"the container is called {stem}, for its name is a unit's, too");
        }

        foreach (GivenOption option in line.OfTool)
        {
            if (option.Name == "runtime")
            {
                new RunConverter(files, file, context).Runtime(option);
            }
            else if (s_meant.Contains(option.Name, StringComparer.Ordinal))
            {
                file.Lose(
                    option.Place,
                    "it sets up podman, which does not run the container",
                    "say what it is for by keys of the file"
                );
            }
            else if (s_elsewhere.Contains(option.Name, StringComparer.Ordinal))
            {
                file.Note(
                    option.Place,
                    "the container is of another host; paths and devices are those of the host where the file is applied"
                );
            }
        }

        Dictionary<string, string> variables = new(context.Variables, StringComparer.Ordinal);
        foreach ((string variable, string value) in line.Variables)
        {
            variables[variable] = value;
        }

        new RunConverter(files, file, context with { Variables = variables }).Convert(
            DockerImage.IsQualified(line.Image) || line.Options.Any(o => o.Name == RunConverter.RootfsOption)
                ? line.Image
                : context.Image ?? (line.IsPodman ? line.Image : DockerImage.Qualified(line.Image)),
            line.Options,
            line.Command,
            line.Image
        );
        if (!line.IsCreate && !line.Options.Any(o => o is { Name: "detach", IsOff: false }))
        {
            file.Note(
                Path.GetFileName(words[0]) + " run",
                "it ran in the foreground: of a payload that ends by itself say Type=oneshot in [Service], or use 'sysctr run'"
            );
        }

        files.TakeOutRefused();
        return files;
    }

    private static string Quoted(string word) =>
        word.Length > 0
        && word.All(c => char.IsAsciiLetterOrDigit(c) || "_-./:=@,+%".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
