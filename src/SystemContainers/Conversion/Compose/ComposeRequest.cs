// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Compose;

/// <summary>How a compose file is translated.</summary>
/// <param name="File">The file, or a directory that has one, as it was typed.</param>
sealed record ComposeRequest(string File)
{
    /// <summary>The project's name; null for what the file, its environment or its directory says.</summary>
    public string? Name { get; init; }

    /// <summary>Profiles whose services are wanted; <c>*</c> for all.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = [];

    /// <summary>The caller's environment, which counts before <c>.env</c>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the files are for a user's containers.</summary>
    public bool IsUser { get; init; }
}
