// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.State;

namespace SystemContainers.Inspect.Plan;

/// <summary>What a plan does with a file of the host.</summary>
/// <param name="Path">Absolute, as the host sees it.</param>
/// <param name="Action">What is done with it.</param>
sealed record PlannedFile(string Path, PlannedFileKind Kind, HostFileAction Action)
{
    /// <summary>Whose it is, where it is taken: a container, a package, or somebody else.</summary>
    public string? Owner { get; init; }

    /// <summary>Whether nothing differs but the deployment's own directory, which the file names.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DirectoryOnly { get; init; }
}

/// <summary>The kinds of file that a container has on the host.</summary>
enum PlannedFileKind
{
    [JsonStringEnumMemberName("unit")]
    Unit,

    /// <summary>What a unit lacked for this host, in its <c>.d</c> directory.</summary>
    [JsonStringEnumMemberName("dropIn")]
    DropIn,

    /// <summary>Lines of tmpfiles.d(5).</summary>
    [JsonStringEnumMemberName("tmpfiles")]
    Tmpfiles,

    /// <summary>A file that the image has for the host.</summary>
    [JsonStringEnumMemberName("hostFile")]
    HostFile,
}
