// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Fakes;

/// <summary>A unit of a <see cref="FakeSystemd"/>, and what it does when it is started.</summary>
sealed class FakeUnit(string name)
{
    public string Name => name;

    /// <summary>Whether there is a file of it.</summary>
    public bool IsThere { get; set; }

    public string ActiveState { get; set; } = "inactive";

    public string Result { get; set; } = "success";

    public uint Restarts { get; set; }

    public string Type { get; set; } = "simple";

    public string FileState { get; set; } = "disabled";

    /// <summary>A socket, timer or path starts it.</summary>
    public bool IsTriggered { get; set; }

    /// <summary>What it is started after.</summary>
    public IReadOnlyList<string> After { get; set; } = [];

    /// <summary>Who is stopped with it.</summary>
    public IReadOnlyList<string> RequiredBy { get; set; } = [];

    /// <summary>A start's job fails with this result in place of being done.</summary>
    public string? StartFails { get; set; }

    /// <summary>How long after its start it ends; null for never.</summary>
    public TimeSpan? EndsAfter { get; set; }

    /// <summary>How it ends then.</summary>
    public string EndsWith { get; set; } = "exit-code";

    public bool IsUp => ActiveState is "active" or "activating" or "reloading";
}
