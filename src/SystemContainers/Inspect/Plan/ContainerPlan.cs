// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Inspect.Diff;
using SystemContainers.Rights;
using SystemContainers.State;

namespace SystemContainers.Inspect.Plan;

/// <summary>What a plan does with one container, and so with the host.</summary>
sealed record ContainerPlan
{
    public required string Name { get; init; }

    /// <summary>What is done.</summary>
    public required PlanAction Action { get; init; }

    /// <summary>The deployment in use now; null where there is none.</summary>
    public HistoryDeployment? From { get; init; }

    /// <summary>The deployment in use then; null where the container goes.</summary>
    public HistoryDeployment? To { get; init; }

    /// <summary>Units, drop-ins, tmpfiles and host files, also those that stay as they are.</summary>
    public IReadOnlyList<PlannedFile> Files { get; init; } = [];

    /// <summary>Whether the runtime's config.json differs, by more than the deployment's own directory.</summary>
    public bool ConfigChanged { get; init; }

    /// <summary>Directories that are made for these files, parents first.</summary>
    public IReadOnlyList<string> MadeDirectories { get; init; } = [];

    /// <summary>Directories that go when nobody else has put something into them.</summary>
    public IReadOnlyList<string> RemovedDirectories { get; init; } = [];

    /// <summary>Units that get enabled.</summary>
    public IReadOnlyList<string> Enabled { get; init; } = [];

    /// <summary>Units that get disabled.</summary>
    public IReadOnlyList<string> Disabled { get; init; } = [];

    /// <summary>Units of the container that run and are stopped; all but those of an uninstall run again.</summary>
    public IReadOnlyList<string> Stopped { get; init; } = [];

    /// <summary>Units of others that systemd stops with those; all but those of an uninstall run again.</summary>
    public IReadOnlyList<string> Dependents { get; init; } = [];

    /// <summary>Units of the container that are started when all is in its place: those that were stopped, and what
    /// comes new to a container that runs.</summary>
    public IReadOnlyList<string> Started { get; init; } = [];

    /// <summary>Template variables whose text changes, options, and images that are mounted.</summary>
    public IReadOnlyList<PlannedValue> Values { get; init; } = [];

    /// <summary>State directories: made by an install, removed or kept by an uninstall.</summary>
    public IReadOnlyList<string> StateDirectories { get; init; } = [];

    /// <summary>Whether an uninstall removes <see cref="StateDirectories"/>.</summary>
    public bool Purge { get; init; }

    /// <summary>What the container can then do on the host beyond itself.</summary>
    public IReadOnlyList<RightReport> Rights { get; init; } = [];

    /// <summary>Those of <see cref="Rights"/> that it does not have now.</summary>
    public IReadOnlyList<RightReport> Gained { get; init; } = [];

    /// <summary>What the user should know although it is no error, one sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Why it would be refused, and so nothing of the above happen; null where it would not.</summary>
    public PlanRefusal? Refused { get; init; }
}

/// <summary>Why something would be refused.</summary>
/// <param name="Message">The error.</param>
/// <param name="Hint">What to do next; null where nothing helpful is known.</param>
/// <param name="ExitCode">What the verb itself would exit with.</param>
sealed record PlanRefusal(string Message, string? Hint, int ExitCode);
