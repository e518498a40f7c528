// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Lint.Json;
using SystemContainers.Render;
using SystemContainers.Render.HostFiles;
using SystemContainers.Render.Request;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.Target;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>What the image can do on a host beyond its own container: a note for each right, a warning for each that
/// has to be granted.</summary>
static class RightsCheck
{
    private static readonly TextPosition s_start = new(1, 1);

    public static void Run(RenderRequest request, RenderedContainer rendered, LintedFiles files, LintFindings findings)
    {
        RightsSubject subject = new()
        {
            Name = request.Name,
            Destination = request.DestinationDirectory,
            Units = [.. rendered.Units.Where(u => u.Source is not null).Select(u => (u.FileName, u.Text))],
            Tmpfiles = rendered.Tmpfiles,
            Config = rendered.Config?.Root,
            HostFiles = ContainerRights.Files(rendered.HostFiles, request.Files),
            Values = rendered.Values,
            Runtime = request.RuntimePath,
            ListenHelper = ToolPaths.ListenHelper,
        };
        foreach (HostFile file in rendered.HostFiles)
        {
            Add(
                file.Source,
                HostFileRights.Of(subject with { HostFiles = ContainerRights.Files([file], request.Files) })
            );
        }

        foreach (RenderedUnit unit in rendered.Units.Where(u => u.Source is not null))
        {
            Add(unit.Source!, UnitRights.OfUnit(subject, unit.FileName, unit.Text));
        }

        // A configuration that sysctr makes has what every container has, and no author who could change it.
        Add(files.Config?.Path ?? "/exports", files.Config is null ? [] : ConfigRights.Of(subject));
        Add(files.Tmpfiles?.Path ?? "/exports", files.Tmpfiles is null ? [] : TmpfilesRights.Of(subject));

        void Add(string path, IEnumerable<Right> rights)
        {
            foreach (Right right in RightClasses.Sorted(rights).Where(r => r.LevelOf() != RightLevel.Usual))
            {
                string text = $"right {right}: {RightClasses.Find(right.Class)!.Means}";
                if (right.LevelOf() == RightLevel.Dangerous)
                {
                    findings.Warning(path, s_start, $"{text}; an install needs --grant {right.Class}");
                }
                else
                {
                    findings.Note(path, s_start, text);
                }
            }
        }
    }
}
