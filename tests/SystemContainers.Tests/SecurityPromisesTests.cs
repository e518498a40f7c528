// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests;

/// <summary>SECURITY.md names a test for each promise: there has to be one of that name.</summary>
public sealed partial class SecurityPromisesTests
{
    [Fact]
    public void Every_promise_names_tests_that_are_there()
    {
        Dictionary<string, string> sources = Directory
            .EnumerateFiles(Path.Combine(Workspace.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .GroupBy(Path.GetFileNameWithoutExtension)
            .ToDictionary(g => g.Key!, g => string.Concat(g.Select(File.ReadAllText)), StringComparer.Ordinal);
        string[] promises =
        [
            .. File.ReadAllLines(Path.Combine(Workspace.Root, "SECURITY.md"))
                .Where(l => l.Contains("Tests", StringComparison.Ordinal) && l.StartsWith('|')),
        ];
        Assert.InRange(promises.Length, 20, 100);
        foreach (string promise in promises)
        {
            string type = "";
            foreach (Match name in TestName().Matches(promise))
            {
                type = name.Groups["type"].Value is { Length: > 0 } named ? named : type;
                Assert.True(sources.TryGetValue(type, out string? source), $"there is no {type}, named by: {promise}");
                string method = name.Groups["method"].Value;
                Assert.True(
                    method.Length == 0 || source.Contains($" {method}(", StringComparison.Ordinal),
                    $"{type} has no {method}, named by: {promise}"
                );
            }
        }
    }

    /// <summary>Type.Method, Type alone, or .Method of the type before.</summary>
    [GeneratedRegex(
        @"`(?<type>\w+Tests)?(\.(?<method>\w+))?`",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex TestName();
}
