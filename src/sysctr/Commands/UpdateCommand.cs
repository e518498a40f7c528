// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Atomic;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Fleet;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class UpdateCommand
{
    private static readonly Argument<string[]> s_names = ContainerArgument.Several(
        "The containers to update.",
        mayBeNone: true
    );

    private static readonly Option<bool> s_all = new("--all") { Description = "Update every installed container." };

    private static readonly Option<string?> s_rebase = new("--rebase")
    {
        Description =
            "Go on with another image. It is fetched when the store lacks it; settings are kept as far as it knows them.",
        HelpName = "IMAGE",
    };

    private static readonly Option<string?> s_runtime = new("--runtime")
    {
        Description = "Another OCI runtime, by name or path.",
        HelpName = "RUNTIME",
    };

    private static readonly Option<CheckoutWord?> s_checkout = CheckoutOption.Create(
        "Another form of its tree: composefs (an image of its metadata that each start mounts, over objects that all containers share), hardlinks (a tree on disk), auto (the host's, whatever was asked for earlier). See sysctr(1), CHECKOUT."
    );

    private static readonly Option<PullPolicy?> s_pull = new("--pull")
    {
        Description = "When to ask the registry: always (default), missing (default with --rebase), never.",
    };

    private static readonly Option<AutoUpdatePolicy?> s_autoUpdate = new("--auto-update")
    {
        Description =
            "Whether 'auto-update' and its timer may update it from now on: disabled, registry. That alone restarts nothing.",
    };

    private static readonly Option<bool> s_together = new("--together")
    {
        Description = "One transaction: all of the containers are updated, or none.",
    };

    private static readonly Option<string?> s_lock = new("--lock")
    {
        Description =
            "Take a slot of a semaphore in etcd first, so that no more than N hosts update at once and a failed one holds the others; none for none.",
        HelpName = "etcd:HOST:PORT[,...]/KEY[?slots=N]",
    };

    private static readonly Option<string[]> s_grant = GrantOption.Create();
    private static readonly Option<string[]> s_set = SetOption.Create();
    private static readonly Option<bool> s_leaveOutUnknown = SetOption.CreateLeaveOutUnknown();

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "update",
            """
            Brings containers to what their image is now: pulls, checks a new deployment out beside the old one, switches, and
            restarts what ran. When the new one does not start, does not stay up or fails its health check, the old one is back and
            running, and the exit status is 11. Settings are kept. An image that gained a right on the host is held, with exit status 6,
            until that is granted.

            Examples:
              sysctr update etcd
              sysctr update --all
              sysctr update --all --together --settle 30         all of them or none
              sysctr update etcd --set LISTEN=0.0.0.0
              sysctr update -e LOG_LEVEL=debug --memory 1g web    an option given anew; the others are kept
              sysctr update --reset memory web                    and forgotten
              sysctr update etcd --rebase registry.example.com/etcd:3.6
              sysctr update --grant program etcd                 lets through an update that is held
              sysctr rollback etcd                               back to where it was
              sysctr update --all --lock 'etcd:10.0.0.1:2379,10.0.0.2:2379/rollout?slots=2'
              sysctr rollout status                              who updates, who waits, what holds them
            """
        );
        AddRequestTo(command);
        command.Add(s_lock);
        command.Add(s_json);
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>What says which containers are updated and how; <see cref="Request"/> reads it.</summary>
    public static void AddRequestTo(Command command)
    {
        command.Add(s_names);
        command.Add(s_all);
        command.Add(s_rebase);
        command.Add(s_set);
        SettingsOptions.AddTo(command, withReset: true);
        command.Add(s_grant);
        command.Add(s_leaveOutUnknown);
        command.Add(s_runtime);
        command.Add(s_checkout);
        command.Add(s_pull);
        command.Add(s_autoUpdate);
        command.Add(s_together);
        StartOptions.AddTo(command);
    }

    /// <summary>What the command line asks for.</summary>
    /// <exception cref="SysctrException">Usage: it makes no sense.</exception>
    public static UpdateRequest Request(ParseResult parsed)
    {
        UpdateRequest request = new()
        {
            Rebase = parsed.GetValue(s_rebase),
            Set = SetOption.Parse(parsed.GetValue(s_set)!),
            Settings = SettingsOptions.Parse(parsed),
            Reset = SettingsOptions.ParseReset(parsed),
            Grants = GrantOption.Parse(parsed.GetValue(s_grant)!),
            LeaveOutUnknown = parsed.GetValue(s_leaveOutUnknown),
            Runtime = parsed.GetValue(s_runtime),
            Checkout = CheckoutOption.Form(parsed.GetValue(s_checkout)),
            ForgetsCheckout = parsed.GetValue(s_checkout) == CheckoutWord.Auto,
            Pull = parsed.GetValue(s_pull),
            AutoUpdate = parsed.GetValue(s_autoUpdate),
            Start = StartOptions.Parse(parsed),
            Together = parsed.GetValue(s_together),
            Lock = parsed.GetValue(s_lock),
        };
        bool several = parsed.GetValue(s_all) || parsed.GetValue(s_names)!.Distinct(StringComparer.Ordinal).Count() > 1;
        bool changes = !request.Settings.IsEmpty || request.Reset.Count > 0;
        return several && (request.Rebase is not null || request.Set.Count > 0 || changes)
            ? throw new SysctrException(
                ErrorKind.Usage,
                $"--rebase{(changes ? ", --set, --reset and options of the container" : " and --set")} go with a single container, not with {(parsed.GetValue(s_all) ? "--all" : "several")}",
                "change them one by one; 'sysctr update --together' takes all to what their images are now"
            )
            : request;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        UpdateRequest request = Request(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        string[] names = Names(parsed, host);
        using PullProgressView progress = new(terminal);
        HistoryDeployment?[] before = [.. names.Select(n => HistoryDeployment.Of(host.Catalog.Find(n)))];
        int changed = await new FleetUpdate(host, progress, terminal.Note).RunAsync(names, request, cancellation);
        progress.Finish();
        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson([.. names.Zip(before, (name, old) => ChangeReport.Of(host, name, old))]));
        }

        // Nothing to do is success; scripts written for atomic count on its 1.
        return changed == 0 && AtomicPersonality.IsActive ? 1 : 0;
    }

    /// <summary>The containers that the command line means.</summary>
    /// <exception cref="SysctrException">Usage: it makes no sense.</exception>
    public static string[] Names(ParseResult parsed, Host host)
    {
        string[] names = parsed.GetValue(s_names)!;
        bool all = parsed.GetValue(s_all);
        return all == (names.Length > 0)
                ? throw new SysctrException(
                    ErrorKind.Usage,
                    "which containers? Name them, or say --all",
                    "see 'sysctr update --help'"
                )
            : all ? [.. host.Catalog.DirectoryNames().Where(host.Catalog.IsInstalled)]
            : names;
    }
}
