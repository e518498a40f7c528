// SPDX-License-Identifier: Apache-2.0

using System.Collections;

namespace SystemContainers.Cli.Options;

/// <summary>The environment of whoever calls, whose values a variable without one has.</summary>
static class CallerEnvironment
{
    /// <summary>Its variables.</summary>
    public static Dictionary<string, string> Read() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "", StringComparer.Ordinal);
}
