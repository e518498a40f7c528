// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Tests.Fuzz.Targets;
using Xunit;

namespace SystemContainers.Tests.Fuzz;

/// <summary>Judges how a reader ends: with what it read, or with an error of ours whose words are for people.</summary>
static class Verdict
{
    /// <summary>Reads every document; fails with all that ended in another way.</summary>
    /// <param name="documents">Each with what was done to it.</param>
    /// <param name="read">Reads one, and uses what it read.</param>
    public static async Task AllAsync<T>(IEnumerable<(string What, T Document)> documents, Func<T, Task> read)
    {
        List<string> faults = [];
        int refused = 0;
        foreach ((string what, T document) in documents)
        {
            try
            {
                await read(document);
            }
            catch (SysctrException e)
            {
                refused++;
                if (ForeignWords.Find($"{e.Message} {e.Hint}") is { } word)
                {
                    faults.Add($"{what}: says '{word}': {e.Message}");
                }
            }
            catch (Exception e)
            {
                faults.Add(
                    $"{what}: {e.GetType().Name}: {e.Message}\n{string.Join('\n', (e.StackTrace ?? "").Split('\n').Take(6))}"
                );
            }
        }

        Assert.True(
            faults.Count == 0,
            $"{faults.Count} faults, such as:\n{string.Join("\n\n", faults.DistinctBy(f => f.Split('\n').ElementAtOrDefault(1) ?? f).Take(12))}"
        );
        Assert.True(refused > 0, "nothing was refused: the documents never reached the reader");
    }
}
