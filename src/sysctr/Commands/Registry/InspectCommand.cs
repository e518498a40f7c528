// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Inspect.Remote;
using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Registry;

static class InspectCommand
{
    private static readonly Argument<string> s_image = new("IMAGE")
    {
        Description =
            "An image where it is: etcd, quay.io/org/etcd:3.5, oci:DIR[:TAG], docker-archive:FILE and the like.",
    };

    private static readonly Option<bool> s_raw = new("--raw")
    {
        Description = "Print the manifest or index that the name means, byte for byte.",
    };

    private static readonly Option<bool> s_config = new("--config")
    {
        Description = "Print the image's configuration, byte for byte.",
    };

    private static readonly Option<string?> s_platform = PlatformOption.Create();

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "inspect",
            """
            Shows an image in a registry, or in another place, without pulling its layers: digest, platforms, size, labels.

            Examples:
              sysctr inspect etcd
              sysctr inspect --raw quay.io/org/etcd:3.5
              sysctr inspect --json --platform linux/arm64 etcd
            """
        )
        {
            s_image,
            s_raw,
            s_config,
            s_platform,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                bool raw = parsed.GetValue(s_raw);
                bool config = parsed.GetValue(s_config);
                if ((raw ? 1 : 0) + (config ? 1 : 0) + (parsed.GetValue(s_json) ? 1 : 0) > 1)
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        "--raw, --config and --json print different things",
                        "choose one of them"
                    );
                }

                Platform platform = PlatformOption.Parse(parsed.GetValue(s_platform));
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                using PullProgressView progress = new(terminal, "asking for");
                RemoteImages images = new(host.Registries, host.Puller(progress), progress);
                string image = parsed.GetValue(s_image)!;
                if (raw || config)
                {
                    byte[] document = raw
                        ? await images.ManifestAsync(image, cancellation)
                        : await images.ConfigAsync(image, platform, cancellation);
                    progress.Finish();
                    terminal.Document(document);
                    return 0;
                }

                RemoteImage described = await images.DescribeAsync(image, platform, cancellation);
                progress.Finish();
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(described));
                    return 0;
                }

                foreach (string line in Lines(described))
                {
                    terminal.Result(line);
                }

                return 0;
            }
        );
        return command;
    }

    private static IEnumerable<string> Lines(RemoteImage image) =>
        [
            $"Image:        {image.Name}",
            $"Digest:       {image.Digest}",
            .. image.Digest == image.ManifestDigest ? Array.Empty<string>() : [$"Manifest:     {image.ManifestDigest}"],
            $"ID:           {image.Id}",
            $"Created:      {image.Created ?? "-"}",
            $"Platform:     {image.Platform ?? "-"}",
            $"Size:         {ByteSize.Text(image.Size)} compressed, {image.Layers.Count} layers",
            $"/exports:     {Exports(image)}",
            .. Section(
                "Platforms",
                image.Platforms.Select(p => $"{(p.Platform.Length == 0 ? "-" : p.Platform)} {p.Digest}")
            ),
            .. Section("Attached, not verified", (image.Attached ?? []).Select(Attached)),
            .. image.AttachedFault is { } fault ? [$"Attached:     not known: {fault}"] : Array.Empty<string>(),
            .. Section(
                "Labels",
                image.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")
            ),
            .. Section("Environment", image.Environment),
        ];

    private static string Attached(AttachedDocument document) =>
        $"{document.Kind switch
        {
            ReferrerKind.Signature => "signature (cosign 2)",
            ReferrerKind.Bundle => "signed statement (bundle)",
            ReferrerKind.Statement => "statement, unsigned",
            ReferrerKind.Attestation => "signed statement (cosign 2)",
            ReferrerKind.Sbom => "bill of materials, unsigned",
            ReferrerKind.Notation => "signature (notation)",
            _ => "other",
        }} {document.Type} {document.Digest.Short}";

    private static string Exports(RemoteImage image) =>
        image.Exports switch
        {
            ExportsHint.Likely => $"likely, says its {image.ExportsFrom}",
            ExportsHint.None => "none: it has no files",
            _ => "not known without pulling; 'sysctr plan install' looks at its files",
        };

    private static IEnumerable<string> Section(string title, IEnumerable<string> lines)
    {
        string[] all = [.. lines];
        return all.Length == 0 ? [] : [title + ":", .. all.Select(l => "  " + l)];
    }
}
