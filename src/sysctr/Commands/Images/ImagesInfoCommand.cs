// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Inspect.Images;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesInfoCommand
{
    private static readonly Argument<string> s_image = ImageArgument.One();

    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON object." };

    public static Command Create()
    {
        Command command = new(
            "info",
            """
            Shows an image of the store: labels, environment, and the variables that --set may set, with their defaults.

            Examples:
              sysctr images info etcd
            """
        )
        {
            s_image,
            s_json,
        };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            ImageDetails image = new ImageReports(host).Describe(parsed.GetValue(s_image)!);
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(image));
                return 0;
            }

            foreach (string line in Lines(image))
            {
                terminal.Result(line);
            }

            return 0;
        });
        return command;
    }

    private static string[] Lines(ImageDetails image) =>
        [
            $"Image:        {image.Name}",
            $"ID:           {image.Id}",
            $"Digest:       {image.Digest}",
            $"Version:      {image.Version ?? "-"}",
            $"Created:      {image.Created ?? "-"}",
            $"Architecture: {image.Architecture}",
            $"Used by:      {string.Join(' ', image.UsedBy.DefaultIfEmpty("-"))}",
            .. Section(
                "Signed",
                image.Proofs.Select(p => $"{p.Requirement}: {p.Signer}, as {p.File} requires for {p.Rule}")
            ),
            .. Section("Attestations (see 'sysctr sbom')", image.Attestations),
            .. Section("Sealed", image.Seal is { } seal ? [seal] : []),
            .. Section("Layers", image.Layers),
            .. Section(
                "Labels",
                image.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")
            ),
            .. Section("Environment", image.Environment),
            .. Section(
                "Template variables",
                image.Variables.Select(v =>
                    v.Value is null ? $"{v.Key} (has no default: set it with --set)" : $"{v.Key}={v.Value}"
                )
            ),
        ];

    private static IEnumerable<string> Section(string title, IEnumerable<string> lines)
    {
        string[] all = [.. lines];
        return all.Length == 0 ? [] : [title + ":", .. all.Select(l => "  " + l)];
    }
}
