// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Quadlet.Syntax;

/// <summary>Finds the files of directories, and the drop-ins of files (podman-systemd.unit(5)).</summary>
static class QuadletFiles
{
    /// <summary>Files that declare something.</summary>
    private static readonly string[] s_types =
    [
        "container",
        "volume",
        "network",
        "pod",
        "image",
        "kube",
        "build",
        "artifact",
    ];

    private static readonly UTF8Encoding s_strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    private const int MaxBytes = 1 << 20;

    private const int MaxDepth = 16;

    /// <summary>Whether a name has one of the suffixes.</summary>
    public static bool IsOne(string name) =>
        Path.GetExtension(name) is ['.', .. var type]
        && s_types.Contains(type, StringComparer.Ordinal)
        && Path.GetFileNameWithoutExtension(name).Length > 0;

    /// <summary>Reads what files and directories declare. Of two of one name in several directories the first counts,
    /// as podman's search order has it.</summary>
    /// <param name="places">Files and directories, in the order of their precedence; directories with all that is below
    /// them.</param>
    /// <param name="resolve">The path to open of a file, all links followed.</param>
    /// <param name="faults">Gets what can't be read.</param>
    /// <exception cref="SysctrException">NotFound: one is not there; Usage: a file has no suffix of those.</exception>
    public static IReadOnlyList<QuadletUnit> Read(
        IReadOnlyList<string> places,
        Func<string, string> resolve,
        QuadletFaults faults
    )
    {
        List<QuadletUnit> units = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string place in places)
        {
            bool isDirectory = Directory.Exists(place);
            if (!isDirectory && !File.Exists(place))
            {
                throw new SysctrException(
                    ErrorKind.NotFound,
                    $"reading {place}: there is no such file or directory",
                    "name a .container file, or a directory that has some"
                );
            }

            if (!isDirectory && !IsOne(place))
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading {place}: its name says not what it declares",
                    $"it ends in {string.Join(", ", s_types.Take(5).Select(t => "." + t))}"
                );
            }

            HashSet<string> here = new(StringComparer.Ordinal);
            foreach (string file in isDirectory ? Below(place, MaxDepth) : [Path.GetFullPath(place)])
            {
                string name = Path.GetFileName(file);
                if (!here.Add(name))
                {
                    faults.Add(
                        new QuadletPlace(file),
                        $"another file below {place} is called {name}, too",
                        "give one of them another name",
                        ErrorKind.Conflict
                    );
                }
                else if (names.Add(name))
                {
                    units.Add(Read(file, isDirectory ? place : Path.GetDirectoryName(file)!, resolve, faults));
                }
            }
        }

        return units;
    }

    private static QuadletUnit Read(
        string file,
        string directory,
        Func<string, string> resolve,
        QuadletFaults faults
    ) =>
        new(
            Path.GetFileName(file),
            file,
            [
                .. DropIns(file, directory)
                    .Prepend(file)
                    .SelectMany(f => Text(f, resolve, faults) is { } text ? QuadletText.Parse(f, text, faults) : []),
            ]
        );

    /// <summary>
    /// The drop-ins of a file in the order in which they count: by their own names; of two of one name that of the
    /// directory which is closest to the file (<c>foo-bar.container.d</c> before <c>foo-.container.d</c> before
    /// <c>container.d</c>).
    /// </summary>
    private static SortedDictionary<string, string>.ValueCollection DropIns(string file, string directory)
    {
        SortedDictionary<string, string> chosen = new(StringComparer.Ordinal);
        foreach (
            string dropIns in DropInNames(Path.GetFileName(file))
                .SelectMany(n =>
                    new[] { Path.GetDirectoryName(file)!, directory }
                        .Distinct(StringComparer.Ordinal)
                        .Select(d => Path.Join(d, n))
                )
        )
        {
            foreach (string dropIn in Directory.Exists(dropIns) ? Directory.GetFiles(dropIns, "*.conf") : [])
            {
                chosen.TryAdd(Path.GetFileName(dropIn), dropIn);
            }
        }

        return chosen.Values;
    }

    /// <summary>The names of directories, the closest first.</summary>
    internal static IEnumerable<string> DropInNames(string name)
    {
        string suffix = Path.GetExtension(name);
        string stem = Path.GetFileNameWithoutExtension(name);
        yield return $"{name}.d";
        int at = stem.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (at < stem.Length - 1)
            {
                yield return $"{stem[..(at + 1)]}{suffix}.d";
            }

            stem = stem[..at];
        }

        for (int dash = stem.LastIndexOf('-'); dash > 0; dash = stem.LastIndexOf('-', dash - 1))
        {
            if (at >= 0)
            {
                yield return $"{stem[..(dash + 1)]}@{suffix}.d";
            }

            yield return $"{stem[..(dash + 1)]}{suffix}.d";
        }

        yield return $"{suffix[1..]}.d";
    }

    private static IEnumerable<string> Below(string directory, int depth) =>
        depth == 0
            ? []
            :
            [
                .. Directory.GetFiles(directory).Where(IsOne).Order(StringComparer.Ordinal),
                .. Directory
                    .GetDirectories(directory)
                    .Where(d => !d.EndsWith(".d", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal)
                    .SelectMany(d => Below(d, depth - 1)),
            ];

    private static string? Text(string file, Func<string, string> resolve, QuadletFaults faults)
    {
        try
        {
            // A FIFO would keep the call for ever.
            using SafeFileHandle? handle = RegularFile.Open(resolve(file));
            if (handle is null || RandomAccess.GetLength(handle) is var length && length > MaxBytes)
            {
                faults.Add(new QuadletPlace(file), $"it is no file of at most {MaxBytes >> 10} KiB");
                return null;
            }

            byte[] bytes = new byte[length];
            int read = 0;
            while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is > 0 and var more)
            {
                read += more;
            }

            return s_strict.GetString(bytes, 0, read);
        }
        catch (DecoderFallbackException)
        {
            faults.Add(new QuadletPlace(file), "it is no UTF-8 text");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(new QuadletPlace(file), $"it can't be read: {e.Message}", kind: ErrorKind.NotFound);
            return null;
        }
    }
}
