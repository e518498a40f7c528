// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Output;

/// <summary><c>--json</c>: sysctr(1) describes what each verb prints.</summary>
static class JsonOption
{
    public static Option<bool> Create(string shape = "Print a JSON object; sysctr(1) describes it.") => new("--json") { Description = shape };

    public static Option<bool> CreateArray() => Create("Print a JSON array; sysctr(1) describes it.");
}
