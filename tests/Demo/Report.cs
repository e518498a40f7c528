// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Demo;

/// <summary>What the demo prints: commands as in a terminal, and a line for each proof.</summary>
sealed class Report
{
    private int _passed;
    private int _failed;

    /// <summary>Begins a part.</summary>
    public static void Heading(string text) => Console.WriteLine($"\n== {text}");

    /// <summary>Shows a command and what it said.</summary>
    public static void Terminal(IReadOnlyList<string> commandLine, CommandResult result)
    {
        Console.WriteLine($"# {string.Join(' ', commandLine)}");
        foreach (string line in result.All.Split('\n').Where(l => l.Length > 0))
        {
            Console.WriteLine($"    {line}");
        }
    }

    /// <summary>Notes a proof; what was seen is shown where it fails.</summary>
    public void Check(string claim, bool holds, string seen)
    {
        Console.WriteLine($"{(holds ? "  ok  " : "FAILED")} {claim}");
        if (holds)
        {
            _passed++;
            return;
        }

        _failed++;
        Console.WriteLine($"       {seen.ReplaceLineEndings("\n       ")}");
    }

    /// <summary>Sums up; 0 when every proof held.</summary>
    public int Close()
    {
        Console.WriteLine($"\n{_passed} proofs held, {_failed} failed");
        return _failed == 0 ? 0 : 1;
    }
}
