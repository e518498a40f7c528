// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.Scan;

/// <summary>A program that looks at a tree and judges it, as a file describes it
/// (<see cref="ScannerFiles"/>).</summary>
/// <param name="Name">The file's, without <c>.toml</c>.</param>
/// <param name="Command">Program and arguments, with <c>{root}</c> and the like in them.</param>
sealed record Scanner(string Name, IReadOnlyList<string> Command)
{
    /// <summary>In the place of the directory with the files.</summary>
    public const string Root = "{root}";

    /// <summary>What it is, in words.</summary>
    public string Description { get; init; } = "";

    /// <summary>Exit statuses that mean that nothing was found.</summary>
    public IReadOnlyList<int> Clean { get; init; } = [0];

    /// <summary>Exit statuses that mean that something was.</summary>
    public IReadOnlyList<int> Found { get; init; } = [1];

    /// <summary>A line of its output that this fits is something found, whatever the exit status; null where the status
    /// tells.</summary>
    public Regex? FoundLines { get; init; }

    /// <summary>How long it may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whether its program is there.</summary>
    public bool IsInstalled =>
        Command[0].Contains('/', StringComparison.Ordinal)
            ? File.Exists(Command[0])
            : (Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(':')
                .Any(d => d.StartsWith('/') && File.Exists(Path.Join(d, Command[0])));

    /// <summary>The command for a tree.</summary>
    /// <param name="root">Its directory.</param>
    /// <param name="name">The container, or the image's reference.</param>
    /// <param name="image">The image's reference.</param>
    /// <param name="digest">That of its manifest.</param>
    public IReadOnlyList<string> CommandFor(string root, string name, string image, string digest) =>
        [
            .. Command.Select(word =>
                word.Replace(Root, root, StringComparison.Ordinal)
                    .Replace("{name}", name, StringComparison.Ordinal)
                    .Replace("{image}", image, StringComparison.Ordinal)
                    .Replace("{digest}", digest, StringComparison.Ordinal)
            ),
        ];

    /// <summary>What it says by how it ended and what it printed; null where it says nothing that was
    /// foreseen.</summary>
    public ScanVerdict? Judge(int exitStatus, IEnumerable<string> lines) =>
        FoundLines is { } pattern && lines.Any(pattern.IsMatch) ? ScanVerdict.Found
        : Found.Contains(exitStatus) ? ScanVerdict.Found
        : Clean.Contains(exitStatus) ? ScanVerdict.Clean
        : null;
}
