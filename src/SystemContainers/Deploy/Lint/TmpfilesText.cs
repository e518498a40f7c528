using SystemContainers.Render;

namespace SystemContainers.Deploy.Lint;

/// <summary>The lines of a tmpfiles.d(5) file that say something.</summary>
static class TmpfilesText
{
    /// <summary>Letters of lines that make what they name.</summary>
    private const string Making = "fFdDvqQpLcbC";

    /// <summary>Letters of lines that change or remove what is there.</summary>
    private const string Other = "wexXrRzZtThHaAm";

    /// <summary>Each line's number from 1, type letter and path; the path as it stands.</summary>
    public static IEnumerable<(int Line, char Type, string Path)> Read(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line is not ([] or ['#', ..]))
            {
                string[] fields = line.Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
                yield return (i + 1, fields[0][0], fields.Length > 1 ? fields[1].Trim('"', '\'') : "");
            }
        }
    }

    /// <summary>The paths that the lines make, normalized.</summary>
    public static IEnumerable<string> Made(string text) =>
        Read(text).Where(l => Making.Contains(l.Type, StringComparison.Ordinal))
            .Select(l => HostPath.Absolute(l.Path.Replace("%%", "%", StringComparison.Ordinal)));

    /// <summary>Finds lines that systemd-tmpfiles would pass over.</summary>
    public static void Check(LintedFile tmpfiles, LintFindings findings)
    {
        foreach ((int line, char type, string path) in Read(tmpfiles.Text))
        {
            TextPosition at = tmpfiles.At(new TextPosition(line, 1));
            if (!(Making + Other).Contains(type, StringComparison.Ordinal))
            {
                findings.Error(tmpfiles.Path, at, $"'{type}' is no type of a tmpfiles.d line");
            }
            else if (path is not ['/' or '%', ..])
            {
                findings.Error(tmpfiles.Path, at, $"the path of a tmpfiles.d line has to be absolute, not '{path}'");
            }
        }
    }
}
