// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Push;
using SystemContainers.Push.Layers;
using SystemContainers.Target;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Commands.Registry;

static class CopyCommand
{
    private static readonly Argument<string> s_source = new("SOURCE")
    {
        Description =
            "docker://…, sysctr:NAME (the store), oci:, oci-archive:, docker-archive:, dir:, docker-daemon:, containers-storage:.",
    };

    private static readonly Argument<string> s_destination = new("DESTINATION") { Description = "Likewise." };

    private static readonly Option<bool> s_all = new("--all", "-a")
    {
        Description = "All images of an index, and the index, for all platforms.",
    };

    private static readonly Option<bool> s_recursive = new("--recursive", "-r")
    {
        Description = "Between registries: signatures, attestations and bills of materials of it, too.",
    };

    private static readonly Option<string?> s_platform = PlatformOption.Create();

    private static readonly Option<bool> s_offline = CopyOptions.Offline();

    private static readonly Option<bool> s_preserve = CopyOptions.PreserveDigests();

    private static readonly Option<string?> s_format = CopyOptions.Format("--dest-compress-format");

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "copy",
            """
            Copies an image from one place to another, byte for byte where both have manifests, and prints its digest there.

            Examples:
              sysctr copy --all docker://quay.io/org/etcd:3.5 docker://registry.example:5000/etcd:3.5
              sysctr copy docker://quay.io/org/etcd:3.5 oci:etcd:3.5
              sysctr copy sysctr:etcd docker-archive:etcd.tar:etcd:3.5
            """
        )
        {
            s_source,
            s_destination,
            s_all,
            s_recursive,
            s_platform,
            s_format,
            s_offline,
            s_preserve,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                bool all = parsed.GetValue(s_all);
                if (all && parsed.GetValue(s_platform) is not null)
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        "--all and --platform exclude each other",
                        "leave one of them out"
                    );
                }

                LayerFormat? format = LayerFormats.Parse(parsed.GetValue(s_format), s_format.Name);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                CopyChoice choice = new(
                    all ? null : PlatformOption.Parse(parsed.GetValue(s_platform)),
                    parsed.GetValue(s_preserve),
                    all || parsed.GetValue(s_platform) is not null,
                    format is { } wanted ? new Recompression(wanted, host.MakeSpoolDirectory()) : null
                )
                {
                    Recursive = parsed.GetValue(s_recursive),
                };
                using PullProgressView progress = new(terminal, "copying");
                TransferReport report = await new CopyOperation(host, progress, terminal.Note).CopyAsync(
                    parsed.GetValue(s_source)!,
                    parsed.GetValue(s_destination)!,
                    choice,
                    parsed.GetValue(s_offline),
                    cancellation
                );
                progress.Finish();
                CopyOptions.Print(terminal, report, parsed.GetValue(s_json));
                return 0;
            }
        );
        return command;
    }
}
