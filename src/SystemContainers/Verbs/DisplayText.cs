// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Prepared;
using SystemContainers.Rights;
using SystemContainers.State;

namespace SystemContainers.Verbs;

/// <summary>A prepared container as the text that <c>install --display</c> prints: every file with its path, the filter
/// of system calls in one line, then the values.</summary>
static class DisplayText
{
    public static string Of(PreparedContainer container)
    {
        StringBuilder text = new();
        foreach (HostText file in container.UnitFiles)
        {
            Section(file.Path, file.Text);
        }

        if (container.Tmpfiles is { } tmpfiles)
        {
            Section(tmpfiles.Path, tmpfiles.Text);
        }

        if (container.Rendered.ConfigJson is { } config)
        {
            Section(Path.Join(container.Directory.OnHost, DeploymentDirectory.ConfigName), SeccompSummary.Of(config));
        }

        Section("rights", string.Join('\n', RightsText.ClassLines(container.Record.Rights ?? [])));
        Section(
            "values",
            string.Join(
                '\n',
                container
                    .Record.Values.OrderBy(v => v.Key, StringComparer.Ordinal)
                    .Select(v => Errors.VisibleText.TextLine($"{v.Key}={v.Value}"))
            )
        );
        return text.ToString().TrimEnd('\n');

        void Section(string title, string content) => text.Append($"# {title}\n{content.TrimEnd('\n')}\n\n");
    }
}
