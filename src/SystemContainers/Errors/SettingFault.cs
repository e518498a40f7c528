// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Errors;

/// <summary>What is wrong with an option that a user set, for who knows in which words it was said: on a command line,
/// or by a key of a file.</summary>
/// <param name="Option">Without dashes.</param>
/// <param name="Value">As it was set; null where it is about all that were.</param>
/// <param name="Why">Why it can't be had; behind <see cref="Other"/> where there is one.</param>
public sealed record SettingFault(string Option, string? Value, string Why)
{
    /// <summary>The one that it does not go with.</summary>
    public (string Option, string Value)? Other { get; init; }

    /// <summary>In one line.</summary>
    /// <param name="name">How an option with its value was said.</param>
    public string Text(Func<string, string?, string> name) =>
        $"{name(Option, Value)}: {(Other is { } other ? name(other.Option, other.Value) + " " : "")}{Why}";

    /// <summary>In the words of a command line.</summary>
    /// <param name="hint">What to do next.</param>
    public SysctrException ToException(string? hint) =>
        new(ErrorKind.Usage, "reading " + Text(static (o, v) => v is null ? $"--{o}" : $"--{o}={v}"), hint)
        {
            Setting = this,
        };
}
