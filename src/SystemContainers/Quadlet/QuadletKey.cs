// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet;

/// <summary>A key of a section of podman-systemd.unit(5), and what becomes of it: one of the four that follow the
/// form.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Form">How its values are read.</param>
sealed record QuadletKey(string Name, KeyForm Form)
{
    /// <summary>The option of podman-run(1) that says the same; its values are the key's.</summary>
    public string? Option { get; init; }

    /// <summary>The option's value for one of the key's; null for none.</summary>
    public Func<string, string?> Value { get; init; } = static value => value;

    /// <summary>Reads what is more than an option.</summary>
    public Action<ContainerReader, IReadOnlyList<Syntax.QuadletValue>>? Read { get; init; }

    /// <summary>Why it can't be had, and what to do instead; for the table in the manual too.</summary>
    public string? Refused { get; init; }

    /// <summary>Why it needs nothing to be done here: the key is taken, and this is said.</summary>
    public string? Idle { get; init; }

    /// <summary>For the table in the manual: what is to be known of a key that <see cref="Read"/> takes.</summary>
    public string Remark { get; init; } = "";
}
