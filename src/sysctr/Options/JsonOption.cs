// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Options;

/// <summary><c>--json</c>: the page of each verb describes what it prints.</summary>
static class JsonOption
{
    public static Option<bool> Create(string shape = "Print a JSON object; the verb's manual page describes it.") =>
        new("--json") { Description = shape };

    public static Option<bool> CreateArray() => Create("Print a JSON array; the verb's manual page describes it.");
}
