// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Lint.Json;
using SystemContainers.Render;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>
/// Bind mounts whose source is below the state and run directories, against what makes such things: the image's
/// tmpfiles lines, its host files, RuntimeDirectory= and StateDirectory= of its units. An image without tmpfiles gets
/// lines for all that is missing.
/// </summary>
static class MountCheck
{
    /// <summary>What every booted host has below /run.</summary>
    private static readonly string[] s_everywhere =
    [
        "/run/systemd",
        "/run/dbus",
        "/run/udev",
        "/run/lock",
        "/run/user",
        "/run/log",
    ];

    /// <summary>Endings of what is meant to be a file.</summary>
    private static readonly string[] s_fileEndings = [".sock", ".socket", ".pid", ".conf", ".env", ".json", ".txt"];

    public static void Run(RenderedContainer rendered, LintedFiles files, LocatedJson config, LintFindings findings)
    {
        string[] roots =
        [
            HostPath.Absolute(rendered.Values["RUN_DIRECTORY"]),
            HostPath.Absolute(rendered.Values["STATE_DIRECTORY"]),
        ];
        HashSet<string> made = Made(rendered, files, roots);
        RuntimeConfigFile document = RuntimeConfigFile.Read(files.Config!.Path, files.Config.Text);
        IReadOnlyList<LocatedJson> places = config["mounts"]?.Items ?? [];
        for (int i = 0; i < document.Mounts.Count; i++)
        {
            RuntimeConfigFile.Mount mount = document.Mounts[i];
            string source = HostPath.Absolute(mount.Source);
            if (
                !mount.IsBind
                || !mount.Source.StartsWith('/')
                || !roots.Any(r => HostPath.IsBelow(source, r))
                || s_everywhere.Any(s => source == s || HostPath.IsBelow(source, s))
            )
            {
                continue;
            }

            TextPosition at = files.Config.At((places[i]["source"] ?? places[i]).Position);
            if (!made.Contains(source) && !made.Any(m => HostPath.IsBelow(m, source)))
            {
                findings.Warning(
                    files.Config.Path,
                    at,
                    $"mounts[{i}] binds {source}, which neither {files.Tmpfiles?.Path ?? "tmpfiles"} nor a unit makes: where the host lacks it, the container does not start"
                );
            }
            else if (
                files.Tmpfiles is null
                && rendered.GeneratedDirectories.Contains(source, StringComparer.Ordinal)
                && s_fileEndings.Contains(Path.GetExtension(source), StringComparer.Ordinal)
            )
            {
                findings.Warning(
                    files.Config.Path,
                    at,
                    $"mounts[{i}] binds {source}, which looks like a file: where the host lacks it, sysctr makes a directory"
                );
            }
        }
    }

    private static HashSet<string> Made(RenderedContainer rendered, LintedFiles files, string[] roots)
    {
        HashSet<string> made = new(rendered.GeneratedDirectories, StringComparer.Ordinal);
        made.UnionWith(rendered.HostFiles.Select(f => f.Target));
        made.UnionWith(files.Tmpfiles is { } own ? TmpfilesText.Made(own.Text) : []);
        foreach (UnitText unit in rendered.Units.Select(u => UnitText.Parse(u.Text)))
        {
            AddDirectories(unit, "RuntimeDirectory", roots[0]);
            AddDirectories(unit, "StateDirectory", roots[1]);
        }

        return made;

        void AddDirectories(UnitText unit, string key, string root) =>
            made.UnionWith(unit.Words("Service", key).Select(v => HostPath.Absolute($"{root}/{v.Split(':')[0]}")));
    }
}
