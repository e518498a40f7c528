// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Output;

/// <summary>The colours that systemctl has for states; none where nothing is to be noticed.</summary>
enum Colour
{
    /// <summary>The terminal's own.</summary>
    None,

    /// <summary>It is as it should be.</summary>
    Green,

    /// <summary>It is on its way, or wants a look.</summary>
    Yellow,

    /// <summary>It has failed.</summary>
    Red,
}

/// <summary>Which word has which, and how a terminal is told (ECMA-48 SGR).</summary>
static class Colours
{
    private static readonly string[] s_codes = ["", "32", "33", "31"];

    /// <summary>Of a unit's state, a check's level, or how something ended: by the first word.</summary>
    public static Colour OfState(string text) =>
        text.Split(' ', ':', '(', ',')[0] switch
        {
            "active" or "ok" or "updated" => Colour.Green,
            "activating"
            or "deactivating"
            or "reloading"
            or "maintenance"
            or "warning"
            or "held"
            or "pending"
            or "unknown" => Colour.Yellow,
            "failed" or "problem" or "error" or "rolled" or "rolledback" => Colour.Red,
            _ => Colour.None,
        };

    /// <summary>The text between the sequences; without any where it has no colour.</summary>
    public static string Paint(string text, Colour colour) =>
        colour == Colour.None ? text : $"\e[{s_codes[(int)colour]}m{text}\e[0m";
}
