// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Inspect;
using SystemContainers.Requests;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class InstallCommand
{
    private static readonly Argument<string[]> s_images = new("IMAGE")
    {
        Description =
            "What to install: etcd, quay.io/org/etcd:3.5, docker://host:5000/etcd@sha256:…, oci:DIR[:TAG], dir:DIR, docker-archive:FILE, oci-archive:FILE, docker-daemon:NAME.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> s_name = ContainerArgument.NameOption(
        "Name of the container and of its unit; by default the last part of the image's name."
    );

    private static readonly Option<string[]> s_grant = GrantOption.Create();
    private static readonly Option<string[]> s_set = SetOption.Create();
    private static readonly Option<bool> s_leaveOutUnknown = SetOption.CreateLeaveOutUnknown();

    private static readonly Option<string?> s_runtime = new("--runtime")
    {
        Description = "OCI runtime, by name or path: runc (default) or crun.",
        HelpName = "RUNTIME",
    };

    private static readonly Option<CheckoutWord?> s_checkout = CheckoutOption.Create(
        "How it has its tree: composefs (an image of its metadata that each start mounts, over objects that all containers share), hardlinks (a tree on disk), or auto, as without the option: the form that sysctr.toml says or the best that the host can. See sysctr(1), CHECKOUT."
    );

    private static readonly Option<string?> s_rootfs = new("--rootfs")
    {
        Description =
            "Run on this root file system, or on the rootfs in this directory, instead of a checkout. It stays somebody else's.",
        HelpName = "DIR",
    };

    private static readonly Option<HostFilePolicy> s_systemPackage = new("--system-package")
    {
        Description =
            "The files that the image has for the host: no (default; install them, without a package), absent (leave them out).",
    };

    private static readonly Option<PullPolicy> s_pull = new("--pull")
    {
        Description = "When to ask the registry: missing (the image is not in the store yet), always, never.",
        DefaultValueFactory = _ => PullPolicy.Missing,
    };

    private static readonly Option<AutoUpdatePolicy> s_autoUpdate = new("--auto-update")
    {
        Description =
            "Whether 'auto-update' and its timer may update it: disabled (default), registry (when the registry has a newer image).",
    };

    private static readonly Option<bool> s_now = new("--now")
    {
        Description = "Start it too, and wait until it runs and is healthy.",
    };

    private static readonly Option<bool> s_display = new("--display")
    {
        Description = "Show the unit, the configuration and the final values; change nothing.",
    };

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON array of what was installed, as 'info --json' has it, rights among it.",
    };

    public static Command Create()
    {
        Command command = new(
            "install",
            """
            Pulls an image, checks it out read-only, renders its unit and enables it; systemd does the rest from the next boot
            on, or at once with --now.

            Examples:
              sysctr install --system etcd
              sysctr install --now --name web --set PORT=8080 registry.example.com/httpd:2.4
              sysctr install --now -e POSTGRES_PASSWORD_FILE=/pw -v /etc/pw:/pw:ro -v data:/var/lib/postgresql/data postgres:17
              sysctr install --now registry:3 -- serve /etc/registry.yml
              sysctr install --user --now notes                  for the calling user alone, without root
              sysctr install --display oci:/srv/images/etcd      show what would be installed
              sysctr install docker-archive:etcd.tar             what 'docker save' or 'podman save' wrote
              sysctr install docker-daemon:etcd:latest           from the Docker daemon of this host
              sysctr install --grant cron backup                 an image that brings a file for cron
            """
        );
        AddRequestTo(command);
        StartOptions.AddTo(command);
        command.Add(s_display);
        command.Add(s_json);
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>What says which images are installed and how; <see cref="Requests"/> reads it.</summary>
    public static void AddRequestTo(Command command)
    {
        command.Add(s_images);
        command.Add(s_name);
        command.Add(s_set);
        SettingsOptions.AddTo(command);
        command.Add(s_grant);
        command.Add(s_leaveOutUnknown);
        command.Add(s_runtime);
        command.Add(s_checkout);
        command.Add(s_rootfs);
        command.Add(s_systemPackage);
        command.Add(s_pull);
        command.Add(s_autoUpdate);
        command.Add(s_now);
    }

    /// <summary>Whether what is installed shall run at once.</summary>
    public static bool Now(ParseResult parsed) => parsed.GetValue(s_now);

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        InstallRequest[] requests = Requests(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        using PullProgressView progress = new(terminal);
        InstallOperation operation = new(host, progress, terminal.Note);
        if (parsed.GetValue(s_display))
        {
            foreach (InstallRequest request in requests)
            {
                await operation.DisplayAsync(request, terminal.Text, cancellation);
            }

            return 0;
        }

        int exitCode = await operation.RunAsync(requests, Now(parsed), StartOptions.Parse(parsed), cancellation);
        if (parsed.GetValue(s_json))
        {
            ContainerReports reports = new(host);
            List<ContainerDetails> details = [];
            foreach (string name in operation.Installed)
            {
                details.Add(await reports.DetailsAsync(name, cancellation));
            }

            terminal.Json(Reports.ToJson(details));
        }

        return exitCode;
    }

    /// <summary>What the command line asks for.</summary>
    /// <exception cref="SysctrException">Usage: it makes no sense.</exception>
    public static InstallRequest[] Requests(ParseResult parsed)
    {
        string[] images = parsed.GetValue(s_images)!;
        string? name = parsed.GetValue(s_name);
        IReadOnlyDictionary<string, string> set = SetOption.Parse(parsed.GetValue(s_set)!);
        ContainerSettings settings = SettingsOptions.Parse(parsed);
        if (
            images.Length > 1
            && (name is not null || set.Count > 0 || !settings.IsEmpty || parsed.GetValue(s_rootfs) is not null)
        )
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"--name, --set, --rootfs{(settings.IsEmpty ? "" : $" and {settings.Words().First()}")} go with a single image",
                "install the images one by one"
            );
        }

        return
        [
            .. images.Select(image => new InstallRequest(image)
            {
                Name = name,
                Set = set,
                Settings = settings,
                Grants = GrantOption.Parse(parsed.GetValue(s_grant)!),
                LeaveOutUnknown = parsed.GetValue(s_leaveOutUnknown),
                Runtime = parsed.GetValue(s_runtime),
                Checkout = CheckoutOption.Form(parsed.GetValue(s_checkout)),
                Pull = parsed.GetValue(s_pull),
                Rootfs = parsed.GetValue(s_rootfs),
                AutoUpdate = parsed.GetValue(s_autoUpdate),
                WithoutHostFiles = parsed.GetValue(s_systemPackage) == HostFilePolicy.Absent,
            }),
        ];
    }
}
