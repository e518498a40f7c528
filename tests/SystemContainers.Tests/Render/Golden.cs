// SPDX-License-Identifier: Apache-2.0

using System.Runtime.CompilerServices;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>Compares a text with a file that is kept in the repository; UPDATE_GOLDEN=1 writes the file anew.</summary>
static class Golden
{
    /// <param name="name">The file's name below Golden/, beside the calling test.</param>
    /// <param name="actual">What came out.</param>
    /// <param name="caller">Filled in by the compiler.</param>
    public static void Matches(string name, string actual, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"{path} is not there; UPDATE_GOLDEN=1 writes it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
