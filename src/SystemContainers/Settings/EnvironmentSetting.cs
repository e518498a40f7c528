// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Settings;

/// <summary>Values of <c>--env</c> and files of <c>--env-file</c> (podman-run(1)).</summary>
static class EnvironmentSetting
{
    /// <summary>What stands before the first equals sign.</summary>
    public static string NameOf(string text) => text.Split('=', 2)[0];

    /// <summary>What stands behind it.</summary>
    public static string ValueOf(string text) => text[(text.IndexOf('=', StringComparison.Ordinal) + 1)..];

    /// <summary>Throws unless it is <c>NAME=VALUE</c>.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static string Check(string text) =>
        NameOf(text).Length == 0 ? throw new FormatException("it has no name before the equals sign")
        : !text.Contains('=', StringComparison.Ordinal) ? throw new FormatException("it is NAME=VALUE")
        : text;

    /// <summary><c>NAME=VALUE</c> for a value of <c>--env</c>, which may name variables of the caller: <c>NAME</c>,
    /// <c>NAME*</c>. What the caller lacks is left out.</summary>
    /// <param name="text">As it was typed.</param>
    public static IEnumerable<string> Resolve(string text, IReadOnlyDictionary<string, string> caller) =>
        text.Contains('=', StringComparison.Ordinal) || text.Length == 0 ? [text]
        : text.EndsWith('*')
            ? caller
                .Where(v => v.Key.StartsWith(text[..^1], StringComparison.Ordinal))
                .OrderBy(v => v.Key, StringComparer.Ordinal)
                .Select(v => $"{v.Key}={v.Value}")
        : caller.TryGetValue(text, out string? value) ? [$"{text}={value}"]
        : [];

    /// <summary>What is larger is no list of variables.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>Reads a file of <c>--env-file</c>, which may be a pipe: a variable a line as it is, quotes too; blanks
    /// before it are left out, and lines that begin with <c>#</c>.</summary>
    /// <exception cref="SysctrException">Usage: it can't be read; NotFound: it is not there.</exception>
    public static IReadOnlyList<string> ReadFile(string path, IReadOnlyDictionary<string, string> caller) =>
        Read(path, File.ReadLines, line => Resolve(line, caller));

    /// <summary>The same for a file that another file names, and so whoever has made that one: a regular
    /// file.</summary>
    /// <param name="path">As this process sees it; links are followed.</param>
    /// <param name="resolve">What a line stands for.</param>
    /// <inheritdoc cref="ReadFile(string, IReadOnlyDictionary{string, string})"/>
    public static IReadOnlyList<string> ReadNamed(string path, Func<string, IEnumerable<string>> resolve) =>
        Read(
            path,
            static p =>
                (BoundedFile.ReadText("/", p, MaxBytes) ?? throw new FileNotFoundException())
                    .ReplaceLineEndings("\n")
                    .Split('\n'),
            resolve
        );

    private static IReadOnlyList<string> Read(
        string path,
        Func<string, IEnumerable<string>> lines,
        Func<string, IEnumerable<string>> resolve
    )
    {
        try
        {
            return
            [
                .. lines(path)
                    .Select(l => l.TrimStart())
                    .Where(l => l.Length > 0 && l[0] != '#')
                    .SelectMany(resolve)
                    .Select(Check),
            ];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"reading --env-file {path}: there is no such file",
                inner: e
            );
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading --env-file {path}: {e.Message}",
                "a line of it is NAME=VALUE, NAME, or begins with #",
                e
            );
        }
    }
}
