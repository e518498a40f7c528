// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary>containers-policy.json(5), "POLICY REQUIREMENTS": what has to hold of an image. Where a list has several,
/// all have to.</summary>
abstract record PolicyRequirement
{
    /// <summary>Its <c>type</c>.</summary>
    public abstract string Type { get; }

    /// <summary>As the file has it.</summary>
    public string Text { get; init; } = "";

    /// <summary>The keys and certificates that it names.</summary>
    public virtual IEnumerable<KeySource> Sources => [];
}
