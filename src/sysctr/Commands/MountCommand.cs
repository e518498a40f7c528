// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Mounts;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class MountCommand
{
    private const string SELinux = "/sys/fs/selinux/enforce";

    private static readonly Argument<string?> s_name = ContainerArgument.Optional(
        "NAME|IMAGE",
        "A container, or an image of the store by name or ID. Without it what is mounted is listed."
    );

    private static readonly Argument<string?> s_directory = new("DIR")
    {
        Description = "An empty directory.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<MountStorage?> s_storage = StorageOption.Create();

    private static readonly Option<string?> s_options = new("--options", "-o")
    {
        Description = "Options of mount(8), with commas, instead of nosuid,nodev. It is always read-only.",
        HelpName = "OPTIONS",
    };

    private static readonly Option<bool> s_shared = new("--shared")
    {
        Description =
            "Let containers read it. Without SELinux they may anyway; with it there is no label that they could, and it is refused.",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "List as a JSON array." };

    public static Command Create()
    {
        Command command = new(
            "mount",
            """
            Mounts the files of an image or of a container on a directory, read-only, until 'sysctr umount DIR' or a reboot. A container's
            are those of its current deployment. Without arguments lists what is mounted.

            Examples:
              sysctr mount registry.example.com/etcd:3.5 /mnt
              sysctr mount --storage containers etcd /mnt
              sysctr umount /mnt
            """
        )
        {
            s_name,
            s_directory,
            s_storage,
            s_options,
            s_shared,
            s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        if (parsed.GetValue(s_name) is not { } name)
        {
            List(host, terminal, parsed.GetValue(s_json));
            return 0;
        }

        if (parsed.GetValue(s_directory) is not { } directory)
        {
            throw new SysctrException(ErrorKind.Usage, $"mounting {name}: where?", "write sysctr mount NAME DIR");
        }

        if (parsed.GetValue(s_shared) && File.Exists(SELinux))
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"mounting {name} shared: SELinux is on, and the files keep the labels of the store",
                "copy them with 'cp -a' and label the copy with chcon"
            );
        }

        MountRequest request = new(name, directory)
        {
            Kind = StorageOption.Kind(parsed.GetValue(s_storage)),
            Options = parsed.GetValue(s_options),
        };
        await new MountOperation(host, terminal.Note).MountAsync(request, cancellation);
        return 0;
    }

    private static void List(Host host, Terminal terminal, bool json)
    {
        IReadOnlyList<MountRecord> mounts = new MountCatalog(host.Target, host.Locks).List();
        if (json)
        {
            terminal.Json(Reports.ToJson(mounts));
            return;
        }

        terminal.Table(
            [
                "DIRECTORY",
                new("KIND") { Dispensable = 1 },
                new("NAME") { Least = 14, KeepsEnd = true },
                new("MOUNTED") { Dispensable = 2 },
            ],
            [
                .. mounts.Select(m =>
                    new[]
                    {
                        m.Directory,
                        m.Kind == MountKind.Image ? "image" : "container",
                        ImageText.Name(m.Name),
                        TimeText.Ago(m.MountedAt),
                    }
                ),
            ]
        );
    }
}
