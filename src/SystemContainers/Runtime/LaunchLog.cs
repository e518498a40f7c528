// SPDX-License-Identifier: Apache-2.0

// Nobody's terminal: what launch writes to standard error is the unit's line of the journal.
#pragma warning disable RS0030
using SystemContainers.Errors;

namespace SystemContainers.Runtime;

/// <summary>What <c>sysctr launch</c> has to say where nothing fails for it, as an error in the journal of its unit
/// (sd-daemon(3)).</summary>
static class LaunchLog
{
    private const string ErrorPrefix = "<3>";
    private const string WarningPrefix = "<4>";

    /// <summary>Writes one message as a warning.</summary>
    public static void Warning(string text) => Console.Error.WriteLine($"{WarningPrefix}{VisibleText.Message(text)}");

    /// <summary>Writes one message; control characters are shown, not sent.</summary>
    public static void Error(string text) =>
        Console.Error.WriteLine($"{ErrorPrefix}sysctr launch: {VisibleText.Message(text)}");
}
