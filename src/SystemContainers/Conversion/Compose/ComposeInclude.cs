// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using SystemContainers.Errors;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>
/// Reads the files that a compose file includes (compose-spec, "Include"): each with its own directory and <c>.env</c>,
/// and several of one entry put together. A name that both have is a fault where they say different things of it, for
/// neither stands above the other.
/// </summary>
/// <param name="files">Told of what is lost.</param>
/// <param name="environment">The value of a variable; stronger than those of an included file.</param>
sealed class ComposeInclude(ConvertedFiles files, Func<string, string?> environment)
{
    private const string Key = "include";
    private const int MaxDepth = 16;

    /// <summary>More than anybody has; each is read and parsed.</summary>
    private const int MaxFiles = 256;

    private static readonly string[] s_sections = ["services", "networks", "volumes", "configs", "secrets"];

    private int _read;

    /// <summary>A file with all that it includes, and without the key.</summary>
    /// <param name="root">As it was read.</param>
    /// <exception cref="SysctrException">NotFound: a file is not there; Usage: it is no compose file, two have one
    /// name, or a file includes itself.</exception>
    public YamlMap Resolve(YamlMap root) => Resolve(root, 0);

    private YamlMap Resolve(YamlMap root, int depth)
    {
        if (root.Find(Key) is not { } include)
        {
            return root;
        }

        if (depth > MaxDepth)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {include.Place}: a file includes itself, or too many");
        }

        List<(YamlScalar Key, YamlNode Value)> entries = [.. root.Entries.Where(e => e.Key.Text != Key)];
        foreach (YamlNode entry in include is YamlList list ? list.Items : [include])
        {
            YamlMap other = Resolve(Read(entry), depth + 1);
            foreach ((YamlScalar key, YamlNode value) in other.Entries)
            {
                Add(entries, key, value);
            }
        }

        return new YamlMap(root.Source, root.Line, entries);
    }

    private void Add(List<(YamlScalar Key, YamlNode Value)> entries, YamlScalar key, YamlNode value)
    {
        if (!s_sections.Contains(key.Text, StringComparer.Ordinal))
        {
            if (key.Text is not ("version" or "name") && !key.Text.StartsWith("x-", StringComparison.Ordinal))
            {
                files.Lose($"{key.Place}: {key.Text}", "it is no key of a compose file here", null);
            }

            return;
        }

        int at = entries.FindIndex(e => e.Key.Text == key.Text);
        if (at < 0)
        {
            entries.Add((key, value));
        }
        else if (entries[at].Value is not YamlMap own || value is not YamlMap others)
        {
            entries[at] = entries[at].Value is YamlMap ? entries[at] : (key, value);
        }
        else if (
            others
                .Entries.FirstOrDefault(e => own.Find(e.Key.Text) is { } there && !IsSame(key.Text, there, e.Value))
                .Key is
            { } twice
        )
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading {twice.Place}: {key.Text}: {twice.Text} is in {own.Find(twice.Text)!.Place} too",
                "give one of them another name"
            );
        }
        else
        {
            entries[at] = (
                entries[at].Key,
                new YamlMap(
                    own.Source,
                    own.Line,
                    [.. own.Entries, .. others.Entries.Where(e => own.Find(e.Key.Text) is null)]
                )
            );
        }
    }

    /// <summary>Whether two entries say the same, as where two files include a third: the paths in them are those of a
    /// directory, but networks and volumes have none.</summary>
    private static bool IsSame(string section, YamlNode one, YamlNode other) =>
        one.IsSameAs(other) && (section is "networks" or "volumes" || one.Source.Directory == other.Source.Directory);

    /// <summary>What one entry names.</summary>
    private YamlMap Read(YamlNode entry)
    {
        YamlMap? map = entry as YamlMap;
        YamlScalar[] paths = (map is null ? entry : map.Find("path")) switch
        {
            YamlScalar { Text.Length: > 0 } one => [one],
            YamlList { Items.Count: > 0 } several when several.Items.All(i => i is YamlScalar { Text.Length: > 0 }) =>
            [
                .. several.Items.Cast<YamlScalar>(),
            ],
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"reading {entry.Place}: {Key} names no file",
                "write a path, or {path: FILE}"
            ),
        };
        foreach ((YamlScalar key, YamlNode value) in map?.Entries ?? [])
        {
            if (key.Text is not ("path" or "env_file" or "project_directory"))
            {
                files.Lose($"{value.Place}: {Key}.{key.Text}", "it is no key of include", null);
            }
        }

        string directory = map?.Find("project_directory") is YamlScalar { Text.Length: > 0 } said
            ? Full(said)
            : Path.GetDirectoryName(Full(paths[0]))!;
        Dictionary<string, string> own = Variables(map?.Find("env_file"), directory);
        ComposeFile reader = new(name => environment(name) ?? own.GetValueOrDefault(name), files.Note);
        return paths.Select(p => Read(reader, p, directory)).Aggregate(ComposeMerge.Of);
    }

    /// <summary>Reads a file whose relative paths are those of its project's directory, as those of all files of one
    /// entry are.</summary>
    private YamlMap Read(ComposeFile reader, YamlScalar path, string directory) =>
        ++_read > MaxFiles
            ? throw new SysctrException(
                ErrorKind.Usage,
                $"reading {path.Place}: more than {MaxFiles} files are included"
            )
            : reader.Read(new YamlSource(Full(path), Shown(path)) { Directory = directory });

    /// <summary>As the file that names it is shown, where that lies in its project's directory.</summary>
    private static string Shown(YamlScalar path) =>
        Path.IsPathRooted(path.Text) ? path.Text
        : Path.GetDirectoryName(path.Source.Path) == path.Source.Directory
            ? Path.Join(Path.GetDirectoryName(path.Source.Shown), path.Text)
        : Full(path);

    private static string Full(YamlScalar path) =>
        path.Text.Contains('\0', StringComparison.Ordinal) || path.Text.Contains("://", StringComparison.Ordinal)
            ? throw new SysctrException(
                ErrorKind.Usage,
                $"reading {path.Place}: {Redact.Text(path.Text)} is no path",
                "fetch the file first"
            )
            : Path.GetFullPath(path.Text, path.Source.Directory);

    /// <summary>Those of the files that are named, the later ones first; else of <c>.env</c> beside the file.</summary>
    private Dictionary<string, string> Variables(YamlNode? named, string directory)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        string[] all = named is null
            ? [.. new[] { Path.Join(directory, ".env") }.Where(File.Exists)]
            : [.. (ComposeValues.Texts(named) ?? []).Select(t => Full((YamlScalar)t.At))];
        foreach (string file in all)
        {
            try
            {
                foreach ((string name, string? value) in DotEnv.Parse(ComposeFile.ReadText(file, file), environment))
                {
                    variables[name] = value ?? environment(name) ?? "";
                }
            }
            catch (FormatException e)
            {
                throw new SysctrException(ErrorKind.Usage, $"reading {file}: {e.Message}", inner: e);
            }
        }

        return variables;
    }
}
