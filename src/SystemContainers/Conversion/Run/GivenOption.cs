// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Run;

/// <summary>An option that was given.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Value">As it was typed; of a switch <c>true</c> or <c>false</c>.</param>
/// <param name="Place">As messages name it: the option as it was typed, or FILE:LINE and a key.</param>
sealed record GivenOption(string Name, string Value, string Place)
{
    /// <summary>Of a switch: whether it says no.</summary>
    public bool IsOff => IsNo(Value);

    /// <summary>Whether a value of a switch says yes or no, in the words of Go's strconv.ParseBool.</summary>
    public static bool IsBoolean(string value) =>
        value is "1" or "t" or "T" or "true" or "TRUE" or "True" || IsNo(value);

    private static bool IsNo(string value) => value is "0" or "f" or "F" or "false" or "FALSE" or "False";
}
