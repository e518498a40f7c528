// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Rights.Assessment;

/// <summary>What tmpfiles.d(5) lines make outside of the container's own directories.</summary>
static class TmpfilesRights
{
    private const string Directories = "dDvqQe";
    private const int OthersMayWrite = 0b010_010;

    /// <summary>The rights, in no order.</summary>
    public static IEnumerable<Right> Of(RightsSubject subject) =>
        Lines(subject.Tmpfiles)
            .SelectMany(l => OfLine(subject, l))
            .Select(r => r with { Detail = subject.Masked(r.Detail) });

    /// <summary>The symbolic links that lines make.</summary>
    public static IEnumerable<(string Link, string Target)> Links(string? tmpfiles) =>
        Lines(tmpfiles)
            .Where(l => l.Type == 'L' && l.Argument.Length > 0)
            .Select(l => (HostPlaces.Normal(l.Path), l.Argument));

    private static IEnumerable<Right> OfLine(RightsSubject subject, TmpfilesFields line)
    {
        foreach (string path in subject.PlacesOf(line.Path))
        {
            string? place = HostPlaces.ClassOf(path, subject.Home);
            if (
                Directories.Contains(line.Type, StringComparison.Ordinal)
                && !line.Path.Contains('*', StringComparison.Ordinal)
                && (place is null || !line.GivesAway)
            )
            {
                // A directory that root alone can write to changes nothing for its place.
                if (!subject.IsOwn(path) && path is not ("/run" or "/tmp" or "/var/tmp" or "/var/log" or "/var/lib"))
                {
                    yield return new Right("file", path + "/");
                }

                continue;
            }

            foreach (Right right in HostFileRights.OfPath(subject, path))
            {
                yield return right;
            }
        }
    }

    private static IEnumerable<TmpfilesFields> Lines(string? text) =>
        (text ?? "")
            .Split('\n', '\r')
            .Select(l => l.Trim())
            .Where(l => l.Length > 0 && l[0] != '#')
            .Select(TmpfilesFields.Of)
            .OfType<TmpfilesFields>();

    /// <summary>What matters of a line.</summary>
    private sealed record TmpfilesFields(char Type, string Path, bool GivesAway, string Argument)
    {
        /// <summary>Null for what is no line with an absolute path.</summary>
        public static TmpfilesFields? Of(string line)
        {
            List<string> fields = [.. Words(line)];
            if (fields.Count < 2 || fields[0].Length == 0)
            {
                return null;
            }

            string path = fields[1].Replace("%%", "%", StringComparison.Ordinal);
            string mode = fields.ElementAtOrDefault(2)?.TrimStart('~', ':') ?? "-";
            bool owned = fields.Skip(3).Take(2).Any(o => o.TrimStart(':') is not ("-" or "" or "0" or "root"));
            bool writable =
                mode.Length > 0
                && mode.All(c => c is >= '0' and <= '7')
                && mode.Length <= 5
                && (Convert.ToInt32(mode, 8) & OthersMayWrite) != 0;
            return path.StartsWith('/')
                ? new TmpfilesFields(fields[0][0], path, owned || writable, string.Join(' ', fields.Skip(6)))
                : null;
        }

        /// <summary>Fields as systemd takes them apart: blanks between, quotes and backslashes within.</summary>
        private static IEnumerable<string> Words(string line)
        {
            System.Text.StringBuilder word = new();
            bool started = false;
            char quote = '\0';
            for (int i = 0; i < line.Length; i++)
            {
                char c = line[i];
                if (c == '\\' && i + 1 < line.Length)
                {
                    word.Append(line[++i]);
                    started = true;
                }
                else if (quote == '\0' && c is ' ' or '\t')
                {
                    if (started)
                    {
                        yield return word.ToString();
                    }

                    word.Clear();
                    started = false;
                }
                else if (quote == '\0' ? c is '"' or '\'' : c == quote)
                {
                    quote = quote == '\0' ? c : '\0';
                    started = true;
                }
                else
                {
                    word.Append(c);
                    started = true;
                }
            }

            if (started)
            {
                yield return word.ToString();
            }
        }
    }
}
