using SystemContainers.Errors;

namespace SystemContainers.Cli;

/// <summary>
/// Where the tool speaks: results on standard output, everything about how it is going on standard error, so that output
/// can be piped. Quiet silences the latter but not errors.
/// </summary>
sealed class Terminal(TextWriter output, TextWriter error, bool quiet, bool interactive)
{
    /// <summary>The terminal of this process.</summary>
    public static Terminal Of(bool quiet) => new(
        Console.Out,
        Console.Error,
        quiet,
        !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"));

    /// <summary>Whether standard error is a terminal that can redraw lines.</summary>
    public bool Interactive => interactive && !quiet;

    /// <summary>Where progress is drawn.</summary>
    public TextWriter ErrorWriter => error;

    /// <summary>A result: a line of standard output.</summary>
    public void Result(string line) => output.WriteLine(line);

    /// <summary>How it is going: a line of standard error.</summary>
    public void Note(string line)
    {
        if (!quiet)
        {
            error.WriteLine(line);
        }
    }

    /// <summary>One of several failures: a line of standard error in any case.</summary>
    public void Error(string line) => error.WriteLine($"sysctr: {line}");

    /// <summary>Prints <c>sysctr: what was being done: why not</c>, and what to do next where it is known.</summary>
    public static int Report(SysctrException failure, TextWriter error)
    {
        error.WriteLine($"sysctr: {failure.Message}");
        if (failure.Hint is not null)
        {
            error.WriteLine($"  hint: {failure.Hint}");
        }

        return (int)failure.Kind;
    }

    /// <summary>Prints rows under a heading in columns as wide as their widest cell.</summary>
    public void Table(IReadOnlyList<string> heading, IReadOnlyList<IReadOnlyList<string>> rows, bool withHeading = true)
    {
        IReadOnlyList<string>[] all = [.. withHeading ? rows.Prepend(heading) : rows];
        int[] widths = [.. heading.Select((_, i) => all.Select(r => r[i].Length).DefaultIfEmpty().Max())];
        foreach (IReadOnlyList<string> row in all)
        {
            Result(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
