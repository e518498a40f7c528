// SPDX-License-Identifier: Apache-2.0

#pragma warning disable RS0030 // The one place that writes to the console: everything on its way there is made visible.
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Cli.Output;

/// <summary>
/// Where the tool speaks, and the only way to: results on standard output, everything about how it is going on standard
/// error, so that output can be piped. Quiet silences the latter but not errors. What is said is data of images,
/// registries and payloads for the most part, so all of it is encoded here (<see cref="VisibleText"/>), on terminals
/// and in pipes alike; only JSON is as it is, and has no such characters.
/// </summary>
sealed class Terminal(TextWriter output, TextWriter error, bool quiet, bool interactive, string? host)
{
    /// <summary>EX_SOFTWARE of sysexits.h: a defect, which no other code stands for.</summary>
    private const int DefectStatus = 70;

    /// <summary>Has defects print where they are.</summary>
    private const string TraceVariable = "SYSCTR_TRACE";

    /// <summary>Whether somebody types what the process reads and sees what it writes.</summary>
    public static bool IsUsedByPerson => !(Console.IsInputRedirected || Console.IsOutputRedirected);

    /// <summary>The width of the terminal that results go to; null where they go elsewhere. COLUMNS says otherwise, as
    /// to systemctl.</summary>
    private static int? Columns =>
        Console.IsOutputRedirected ? null
        : int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out int said) && said > 0 ? said
        : Console.WindowWidth is > 0 and var width ? width
        : null;

    /// <summary>Whether results may have colours: on a terminal that has some, where nobody said NO_COLOR
    /// (no-color.org).</summary>
    private static bool IsColoured =>
        !Console.IsOutputRedirected
        && CanRedraw
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private static bool CanRedraw => Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>The terminal of this process.</summary>
    /// <param name="quiet">Whether results and errors are all that is said.</param>
    /// <param name="host">The options that name the call's host, which what is told to be typed has to have.</param>
    public static Terminal Of(bool quiet, string? host = null) =>
        new(Console.Out, Console.Error, quiet, !Console.IsErrorRedirected && CanRedraw, host);

    /// <summary>Whether standard error is a terminal that can redraw lines.</summary>
    public bool Interactive => interactive && !quiet;

    /// <summary>A result: a line of standard output, whatever is in it.</summary>
    public void Result(string line) => Write(VisibleText.Line(line));

    /// <summary>A line of a text that has lines by nature, such as one of a diff: tabs stay.</summary>
    public void TextLine(string line) => Write(VisibleText.TextLine(line));

    /// <summary>A text that has lines by nature, such as a unit.</summary>
    public void Text(string text)
    {
        foreach (string line in VisibleText.TextLines(text))
        {
            Write(line);
        }
    }

    /// <summary>A result for programs. The serializer has escaped all that is not ASCII and every control
    /// character.</summary>
    public void Json(string json) => Write(json);

    /// <summary>A document that others wrote, byte for byte, for programs. On a terminal it is a text as any
    /// other.</summary>
    /// <param name="document">UTF-8, checked.</param>
    public void Document(byte[] document)
    {
        if (!Console.IsOutputRedirected)
        {
            Text(System.Text.Encoding.UTF8.GetString(document));
            return;
        }

        try
        {
            output.Flush();
            using Stream stream = Console.OpenStandardOutput();
            stream.Write(document);
            stream.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(HostFailure.KindOf(e), $"writing to standard output: {e.Message}", inner: e);
        }
    }

    /// <summary>A text of ours with the commands that it tells to type as they have to be typed; notes and hints are
    /// told so by themselves.</summary>
    public string Typed(string text) => TypedWords.For(host, text);

    /// <summary>How it is going: a line of standard error.</summary>
    public void Note(string line)
    {
        if (!quiet)
        {
            Tell(error, VisibleText.Message(Typed(line)));
        }
    }

    /// <summary>Asks whoever sits at the terminal.</summary>
    /// <param name="question">What for; it stands before what is typed.</param>
    /// <param name="hidden">Whether what is typed does not appear.</param>
    /// <param name="otherwise">The option that says it without a terminal.</param>
    /// <exception cref="SysctrException">Usage: there is no terminal, or nobody answers.</exception>
    public async Task<string> AskAsync(string question, bool hidden, string otherwise, CancellationToken cancellation)
    {
        if (Console.IsInputRedirected)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"asking for '{question.TrimEnd(' ', ':')}': standard input is no terminal",
                $"say it with {otherwise}"
            );
        }

        string? line = await TypedLine.ReadAsync(
            () => Tell(error, VisibleText.Message(question), endsLine: false),
            hidden,
            cancellation
        );
        if (hidden)
        {
            Tell(error, "");
        }

        return (hidden ? line : line?.Trim())
            ?? throw new SysctrException(
                ErrorKind.Usage,
                $"asking for '{question.TrimEnd(' ', ':')}': the input ended",
                $"say it with {otherwise}"
            );
    }

    /// <summary>All of standard input as a text, without the end of its last line.</summary>
    /// <exception cref="SysctrException">Usage: it is too much for what is asked.</exception>
    public static async Task<string> ReadInputAsync(CancellationToken cancellation)
    {
        const int limit = 64 << 10;
        char[] text = new char[limit + 1];
        int length = await Console.In.ReadBlockAsync(text, cancellation);
        return length <= limit
            ? new string(text, 0, length).TrimEnd('\n', '\r')
            : throw new SysctrException(
                ErrorKind.Usage,
                $"reading standard input: it is longer than {limit} characters"
            );
    }

    /// <summary>One of several failures: a line of standard error in any case.</summary>
    public void Error(string line, string? hint = null) => Say(error, line, TypedWords.For(host, hint));

    /// <summary>Prints <c>sysctr: what was being done: why not</c>, and what to do next where it is known.</summary>
    /// <param name="failure">What went wrong.</param>
    /// <param name="host">The options that name the call's host, which what is told to be typed has to have.</param>
    /// <returns>The exit status.</returns>
    public static int Report(SysctrException failure, string? host = null)
    {
        Say(Console.Error, failure.Message, TypedWords.For(host, failure.Hint));
        return (int)failure.Kind;
    }

    /// <summary>The same for what is no error of ours to begin with.</summary>
    public static void Report(string message, string? hint = null) => Say(Console.Error, message, hint);

    /// <summary>A failure that nobody foresaw: one sentence for whoever called, and the trace for whoever mends
    /// it.</summary>
    /// <returns>The exit status.</returns>
    public static int ReportDefect(Exception defect, string doing)
    {
        Say(
            Console.Error,
            $"{doing}: {defect.GetType().Name}: {defect.Message}",
            Environment.GetEnvironmentVariable(TraceVariable) is null
                ? $"this is a defect of sysctr: please report it, with what it says when {TraceVariable}=1 is set"
                : defect.ToString()
        );
        return DefectStatus;
    }

    /// <summary>What holds after a failure: a line below what <see cref="Report(SysctrException, string)"/>
    /// printed.</summary>
    public static void ReportOutcome(string outcome) =>
        Tell(Console.Error, $"  outcome: {VisibleText.Message(outcome)}");

    /// <summary>Draws lines that <see cref="Erase"/> takes away again; no wider than the terminal.</summary>
    /// <param name="lines">By the number of columns.</param>
    public void Draw(IEnumerable<Func<int, string>> lines)
    {
        foreach (Func<int, string> line in lines)
        {
            Tell(error, VisibleText.Line(line(Console.WindowWidth)));
        }
    }

    /// <summary>Goes back to where the lines begin and clears to the end of the screen (ECMA-48 CPL, ED).</summary>
    public void Erase(int lines) => Tell(error, $"\e[{lines}F\e[J", endsLine: false);

    /// <summary>Prints rows under a heading, no wider than the terminal.</summary>
    public void Table(
        IReadOnlyList<TableColumn> columns,
        IReadOnlyList<IReadOnlyList<string>> rows,
        bool withHeading = true
    )
    {
        foreach (string line in TableLayout.Lines(columns, rows, Columns, IsColoured, withHeading))
        {
            Write(line);
        }
    }

    /// <summary>A result with a state in it, which has its colour.</summary>
    /// <param name="state">The part of it that says the state; its first occurrence counts.</param>
    public void Result(string line, string state)
    {
        string text = VisibleText.Line(line);
        int at = text.IndexOf(state, StringComparison.Ordinal);
        Write(
            IsColoured && at >= 0
                ? text[..at] + Colours.Paint(state, Colours.OfState(state)) + text[(at + state.Length)..]
                : text
        );
    }

    /// <summary>A result that can't be written is a failure of the call: whoever asked does not have it.</summary>
    private void Write(string line)
    {
        try
        {
            if (StandardStreams.OutputWasClosed)
            {
                throw new IOException("it is closed");
            }

            output.WriteLine(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(HostFailure.KindOf(e), $"writing to standard output: {e.Message}", inner: e);
        }
    }

    /// <summary>How it is going is nothing that a call may fail of: its work goes on where nobody can be
    /// told.</summary>
    private static void Tell(TextWriter error, string text, bool endsLine = true)
    {
        try
        {
            error.Write(endsLine ? text + Environment.NewLine : text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // A full disk, or a terminal that has gone.
        }
    }

    private static void Say(TextWriter error, string message, string? hint)
    {
        Tell(error, $"sysctr: {VisibleText.Message(message)}");
        if (hint is not null)
        {
            Tell(error, $"  hint: {VisibleText.Message(hint)}");
        }
    }
}
