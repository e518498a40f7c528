// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Oci;
using SystemContainers.Render.Request;

namespace SystemContainers.Render.Spec;

/// <summary>
/// Whether an image opens its standard output or error by a path. systemd gives a service a socket there, which no path
/// opens (ENXIO, open(2)); such an image needs a FIFO. Found are the links that images of nginx and php have where
/// their log files are, configurations that name such a path (httpd, php-fpm), and an entry point that is a script and
/// does.
/// </summary>
static class LogPaths
{
    private const int MaxDepth = 6;
    private const int MaxFileBytes = 256 << 10;
    private const string Logs = "/var/log";

    private static readonly string[] s_paths =
    [
        "/dev/stdout",
        "/dev/stderr",
        "/proc/self/fd/1",
        "/proc/self/fd/2",
        "/dev/fd/1",
        "/dev/fd/2",
    ];

    /// <summary>Where programs keep what they are told to do; programs and libraries are not looked at.</summary>
    private static readonly string[] s_settings =
    [
        "/etc",
        "/usr/local/etc",
        "/usr/local/apache2/conf",
        "/usr/local/nginx/conf",
        "/opt",
        "/config",
    ];

    private static readonly string[] s_suffixes =
    [
        ".conf",
        ".cnf",
        ".cfg",
        ".ini",
        ".toml",
        ".yml",
        ".yaml",
        ".json",
        ".xml",
        ".properties",
    ];

    /// <summary>The same of an image that is rendered.</summary>
    public static string? Find(RenderRequest request) =>
        Find(
            request.Files,
            [.. request.Image.Run?.Entrypoint ?? [], .. request.Image.Run?.Cmd ?? []],
            request.Image.Run?.Env
        );

    /// <summary>What says so, in words: <c>/var/log/nginx/access.log leads to /dev/stdout</c>; null where nothing
    /// does.</summary>
    /// <param name="arguments">The payload's arguments, the program first.</param>
    /// <param name="environment">Its variables, which say where programs are.</param>
    public static string? Find(
        IImageFiles files,
        IReadOnlyList<string> arguments,
        IReadOnlyList<string>? environment = null
    )
    {
        foreach (ImageFile link in Walk(files, Logs, MaxDepth).Where(f => f.Kind == ImageFileKind.Symlink))
        {
            if (link.LinkTarget is { } target && s_paths.Contains(target, StringComparer.Ordinal))
            {
                return $"{link.Path} leads to {target}";
            }
        }

        foreach (string directory in s_settings)
        {
            foreach (ImageFile file in Walk(files, directory, MaxDepth))
            {
                if (
                    file.Kind == ImageFileKind.Regular
                    && s_suffixes.Any(s => file.Path.EndsWith(s, StringComparison.Ordinal))
                    && Named(files, file) is { } path
                )
                {
                    return $"{file.Path} names {path}";
                }
            }
        }

        return arguments
            .Take(2)
            .Select(a => ImageProgram.Find(files, a, environment))
            .OfType<ImageFile>()
            .Select(f => IsScript(files, f) && Named(files, f) is { } path ? $"{f.Path} names {path}" : null)
            .FirstOrDefault(why => why is not null);
    }

    private static IEnumerable<ImageFile> Walk(IImageFiles files, string directory, int depth)
    {
        foreach (string name in files.List(directory))
        {
            if (files.FindNoFollow($"{directory}/{name}") is not { } file)
            {
                continue;
            }

            yield return file;
            if (file.Kind == ImageFileKind.Directory && depth > 0)
            {
                foreach (ImageFile inside in Walk(files, file.Path, depth - 1))
                {
                    yield return inside;
                }
            }
        }
    }

    private static bool IsScript(IImageFiles files, ImageFile file) =>
        file.Size is > 2 and <= MaxFileBytes && files.Read(file, MaxFileBytes) is [(byte)'#', (byte)'!', ..];

    /// <summary>The path that a text names outside of its comments.</summary>
    private static string? Named(IImageFiles files, ImageFile file)
    {
        if (file.Size is 0 or > MaxFileBytes)
        {
            return null;
        }

        byte[] text = files.Read(file, MaxFileBytes);
        return s_paths
            .Where(p => text.AsSpan().IndexOf(Encoding.ASCII.GetBytes(p)) >= 0)
            .FirstOrDefault(p =>
                Encoding
                    .Latin1.GetString(text)
                    .Split('\n')
                    .Any(line => line.TrimStart() is [not ('#' or ';'), ..] said && Ends(said, p))
            );
    }

    /// <summary>As a path of its own: <c>/proc/self/fd/1</c> and not <c>/proc/self/fd/10</c>.</summary>
    private static bool Ends(string line, string path)
    {
        for (
            int at = line.IndexOf(path, StringComparison.Ordinal);
            at >= 0;
            at = line.IndexOf(path, at + 1, StringComparison.Ordinal)
        )
        {
            if (
                at + path.Length == line.Length
                || !(char.IsAsciiLetterOrDigit(line[at + path.Length]) || line[at + path.Length] is '/' or '-' or '_')
            )
            {
                return true;
            }
        }

        return false;
    }
}
