// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using Tomlyn;

namespace SystemContainers.Scan;

/// <summary>
/// The scanners that a host knows, a file <c>NAME.toml</c> each: those that came with sysctr in
/// <c>/usr/share/sysctr/scanners.d</c> (or <c>/usr/local</c>), and the administrator's in
/// <c>/etc/sysctr/scanners.d</c>, which stand in the place of the others of their name; an empty file takes one away.
/// </summary>
static class ScannerFiles
{
    private const int MaxBytes = 64 << 10;
    private const double MaxTimeout = 7 * 86400;

    /// <summary>Where they are, the strongest last.</summary>
    public static IReadOnlyList<string> Directories { get; } =
    ["/usr/share/sysctr/scanners.d", "/usr/local/share/sysctr/scanners.d", "/etc/sysctr/scanners.d"];

    /// <summary>All of them, by name.</summary>
    /// <exception cref="SysctrException">Usage: a file can't be understood.</exception>
    public static IReadOnlyList<Scanner> Load(IReadOnlyList<string> directories)
    {
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (string file in directories.Where(Directory.Exists).SelectMany(d => Directory.GetFiles(d, "*.toml")))
        {
            files[Path.GetFileNameWithoutExtension(file)] = file;
        }

        return [.. files.Select(f => Read(f.Key, f.Value)).OfType<Scanner>()];
    }

    private static Scanner? Read(string name, string file)
    {
        string text;
        ScannerToml toml;
        try
        {
            text = Encoding.UTF8.GetString(BoundedFile.Read("/", file, MaxBytes) ?? []);
            toml = TomlSerializer.Deserialize(text, ScannerTomlContext.Default.ScannerToml) ?? new ScannerToml();
        }
        catch (Exception e) when (e is TomlException or InvalidOperationException or FormatException)
        {
            throw Wrong(TomlFault.Of(e));
        }
        catch (IOException e)
        {
            throw Wrong(e.Message);
        }

        if (text.Trim().Length == 0)
        {
            return null;
        }

        if (toml.Unknown.Keys.FirstOrDefault() is { } unknown)
        {
            throw Wrong(
                $"unknown setting '{unknown}'; known settings: description, command, clean, found, found-lines, timeout"
            );
        }

        if (
            toml.Command is not [{ Length: > 0 }, ..]
            || !toml.Command.Any(w => w.Contains(Scanner.Root, StringComparison.Ordinal))
        )
        {
            throw Wrong(
                $"'command' is no array of a program and its arguments with {Scanner.Root} in the place of the files' directory"
            );
        }

        if (toml.Timeout is not (null or (> 0 and <= MaxTimeout)))
        {
            throw Wrong($"'timeout' is not between 0 and {MaxTimeout} seconds");
        }

        Scanner scanner = new(name, toml.Command) { Description = toml.Description ?? "", FoundLines = Pattern() };
        scanner = scanner with
        {
            Clean = toml.Clean ?? [.. scanner.Clean],
            Found = toml.Found ?? (scanner.FoundLines is null ? [.. scanner.Found] : []),
            Timeout = toml.Timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : scanner.Timeout,
        };
        return scanner.Clean.Intersect(scanner.Found).FirstOrDefault(-1) is var both and >= 0
            ? throw Wrong($"exit status {both} can't mean both, 'clean' and 'found'")
            : scanner;

        Regex? Pattern()
        {
            try
            {
                return toml.FoundLines is { } lines
                    ? new Regex(lines, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)
                    : null;
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                throw Wrong($"'found-lines': {e.Message}");
            }
        }

        SysctrException Wrong(string why) =>
            new(
                ErrorKind.Usage,
                $"reading {file}: {why}",
                "sysctr-scan(1) says what such a file is; an empty one takes a scanner away"
            );
    }
}
