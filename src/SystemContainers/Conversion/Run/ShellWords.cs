// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;

namespace SystemContainers.Conversion.Run;

/// <summary>
/// Splits a line into words as a POSIX shell does (XCU 2.2 and 2.3): blanks, quotes of both kinds, backslashes, a
/// backslash at the end of a line. What a shell would expand or carry out is refused, for no shell is called.
/// </summary>
static class ShellWords
{
    private const string Operators = "|&;<>()";

    /// <exception cref="SysctrException">Usage: quotes that don't close, or something that wants a shell.</exception>
    public static IReadOnlyList<string> Command(string text) => Split(text, expands: true);

    /// <summary>The words of a text in which a dollar sign means nothing, as compose reads a command.</summary>
    /// <exception cref="SysctrException">Usage: quotes that don't close, or an operator of the shell.</exception>
    public static IReadOnlyList<string> Literal(string text) => Split(text, expands: false);

    private static List<string> Split(string text, bool expands)
    {
        List<string> words = [];
        StringBuilder? word = null;
        text = text.Trim();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            switch (c)
            {
                case '\\' when i + 1 < text.Length:
                    i++;
                    if (text[i] != '\n')
                    {
                        (word ??= new()).Append(text[i]);
                    }

                    break;
                case '\'':
                    int end = text.IndexOf('\'', i + 1);
                    (word ??= new()).Append(text[(i + 1)..(end < 0 ? throw Open(c) : end)]);
                    i = end;
                    break;
                case '"':
                    i = Quoted(text, i + 1, word ??= new(), expands);
                    break;
                case '\n' when expands:
                    throw Refused("a line break", "end the line in a backslash where the command goes on");
                case ' ' or '\t' or '\n' or '\r':
                    Add(words, ref word);
                    break;
                case '#' when expands && word is null:
                    throw Refused("a comment", "leave it out, or quote it");
                case '~' when expands && word is null:
                    throw Refused(
                        "~",
                        "write the directory out; behind -- the words are taken as the shell that you type in has expanded them"
                    );
                default:
                    Refuse(text, i, expands, isQuoted: false);
                    (word ??= new()).Append(c);
                    break;
            }
        }

        Add(words, ref word);
        return words;
    }

    /// <summary>Between double quotes.</summary>
    /// <returns>Where they close.</returns>
    private static int Quoted(string text, int i, StringBuilder word, bool expands)
    {
        for (; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    return i;
                case '\\' when i + 1 < text.Length && text[i + 1] == '\n':
                    i++;
                    break;
                case '\\' when i + 1 < text.Length && text[i + 1] is '$' or '`' or '"' or '\\':
                    word.Append(text[++i]);
                    break;
                default:
                    Refuse(text, i, expands, isQuoted: true);
                    word.Append(text[i]);
                    break;
            }
        }

        throw Open('"');
    }

    private static void Refuse(string text, int i, bool expands, bool isQuoted)
    {
        char c = text[i];
        if (
            expands
            && (
                c == '`'
                || (
                    c == '$'
                    && i + 1 < text.Length
                    && (
                        char.IsAsciiLetterOrDigit(text[i + 1])
                        || "_{(@*#?-$!'\"".Contains(text[i + 1], StringComparison.Ordinal)
                    )
                )
            )
        )
        {
            string rest = text[i..Math.Min(text.Length, i + 20)].Split([' ', '\n', '"'])[0];
            throw Refused(
                rest,
                "write what it stands for, or quote it with '; behind -- the words are taken as the shell that you type in has expanded them"
            );
        }

        if (!isQuoted && Operators.Contains(c, StringComparison.Ordinal))
        {
            throw Refused(
                $"'{c}'",
                expands
                    ? "give one command alone, and quote what belongs to it"
                    : "write the command as an array, such as [\"sh\", \"-c\", \"...\"]"
            );
        }
    }

    private static void Add(List<string> words, ref StringBuilder? word)
    {
        if (word is not null)
        {
            words.Add(word.ToString());
            word = null;
        }
    }

    private static SysctrException Open(char quote) =>
        new(
            ErrorKind.Usage,
            $"reading a command: the quotation mark {quote} is not closed",
            "quote the whole command with ', and what is in it with \""
        );

    private static SysctrException Refused(string what, string advice) =>
        new(ErrorKind.Usage, $"reading a command: {what} is for a shell, and none is called", advice);
}
