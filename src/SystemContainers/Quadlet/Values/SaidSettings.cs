// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Quadlet.Syntax;

namespace SystemContainers.Quadlet.Values;

/// <summary>By which keys a file says what its container's options are, for messages about these.</summary>
/// <param name="file">Where the rest is from.</param>
sealed class SaidSettings(QuadletPlace file)
{
    private readonly List<(string Option, string Value, QuadletPlace Place, string Text)> _said = [];

    /// <summary>Keeps one.</summary>
    /// <param name="option">Without dashes.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="text">As it stands there: <c>KEY=VALUE</c>.</param>
    public void Add(string option, string value, QuadletPlace place, string text) =>
        _said.Add((option, value, place, text));

    /// <summary>Where an option stands.</summary>
    /// <param name="option">Without dashes.</param>
    /// <param name="value">The option's; null for any.</param>
    public QuadletPlace Place(string option, string? value) => Find(option, value)?.Place ?? file;

    /// <summary>What is wrong with an option, in the words of the file.</summary>
    public string Text(SettingFault fault) =>
        fault.Text(
            (option, value) => Find(option, value)?.Text ?? (value is null ? $"--{option}" : $"--{option}={value}")
        );

    private (string Option, string Value, QuadletPlace Place, string Text)? Find(string option, string? value) =>
        _said.FindLastIndex(s => s.Option == option && (value is null || s.Value == value)) is >= 0 and var at
            ? _said[at]
            : null;
}
