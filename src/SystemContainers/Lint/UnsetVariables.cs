// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Exports;
using SystemContainers.Lint.Json;
using SystemContainers.Render.Request;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>
/// The variables that whoever installs has to set. Each is noted where it is first mentioned, and gets a text that is
/// plausible for its name, so that everything else can be checked.
/// </summary>
static class UnsetVariables
{
    /// <summary>What parts of names say of a value; the first that fits holds.</summary>
    private static readonly (string[] Parts, string Text)[] s_byName =
    [
        (["PORT"], "8080"),
        (["URL", "URI", "ENDPOINT", "PEER", "CLUSTER"], "http://127.0.0.1:8080"),
        (["ADDR", "IP", "HOST", "CIDR", "LISTEN"], "127.0.0.1"),
        (["DIR", "DIRECTORY", "PATH", "FILE", "ROOT", "SOCKET"], "/srv/lint"),
        (["AFTER", "BEFORE", "WANTS", "REQUIRES", "WANTED", "REQUIRED", "UNIT", "TARGET"], "multi-user.target"),
        (["SERVICE"], "multi-user.service"),
        (
            [
                "UID",
                "GID",
                "COUNT",
                "SIZE",
                "SEC",
                "SECS",
                "TIMEOUT",
                "LIMIT",
                "MAX",
                "MIN",
                "MEMORY",
                "LEVEL",
                "WEIGHT",
            ],
            "1"
        ),
    ];

    public static IReadOnlyDictionary<string, string> Choose(
        LintTarget target,
        ImageExports exports,
        LintFindings findings
    )
    {
        Dictionary<string, string> chosen = new(StringComparer.Ordinal);
        foreach (string variable in TemplateValues.Unset(exports))
        {
            (ExportFile file, int index) = FirstMention(target, exports, variable);
            chosen[variable] = JsonFragment.At(file, index) ?? ByName(variable);
            findings.Note(
                file.Path,
                TextPosition.Of(file.Text, index),
                $"{variable} has no default: whoever installs has to give --set {variable}=VALUE"
            );
        }

        return chosen;
    }

    private static string ByName(string variable)
    {
        string[] parts = variable.ToUpperInvariant().Split('_');
        return s_byName.FirstOrDefault(n => n.Parts.Intersect(parts, StringComparer.Ordinal).Any()).Text ?? "lint";
    }

    private static (ExportFile File, int Index) FirstMention(LintTarget target, ImageExports exports, string variable)
    {
        IEnumerable<ExportFile?> files =
        [
            exports.Config,
            .. exports.Units.Select(u => u.File),
            exports.Tmpfiles,
            .. exports.HostFiles.Select(f => f.Template),
        ];
        ExportFile file =
            files.FirstOrDefault(f => f?.Variables.Contains(variable, StringComparer.Ordinal) == true)
            ?? ManifestCheck.Text(target.Files);
        // A dollar behind a dollar is text, unless that one is.
        string pattern =
            file.Kind == TemplateKind.Scriban
                ? $@"(?<![\w.])(?<mention>{variable})(?!\w)"
                : $@"(?<!\$)(?:\$\$)*(?<mention>\$\{{?{variable}(?![A-Za-z0-9_]))";
        Match match = Regex.Match(file.Text, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        return (file, match.Success ? match.Groups["mention"].Index : 0);
    }
}
