// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Pull.Trust;
using SystemContainers.Target;
using SystemContainers.Verify;

namespace SystemContainers.Cli.Commands.Checks;

static class VerifyCommand
{
    /// <summary>Of several kinds the first counts.</summary>
    private static readonly ErrorKind[] s_order =
    [
        ErrorKind.Corrupt,
        ErrorKind.Unsafe,
        ErrorKind.Policy,
        ErrorKind.Storage,
        ErrorKind.Unauthorized,
        ErrorKind.NotFound,
        ErrorKind.Unreachable,
    ];

    private static readonly LookedAt s_what = new("verifying");

    private static readonly Option<bool> s_offline = new("--offline")
    {
        Description = "Ask no registry: neither for signatures nor for a newer image.",
    };

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "verify",
            """
            Holds containers and images against what they should be: every file of the store against its digest, the deployment against
            its layers, the image against the policy as it is now, and asks its source for a newer one. Changes nothing.

            Examples:
              sysctr verify etcd
              sysctr verify --all --offline
              sysctr verify --all --json | jq '.[] | select(any(.checks[]; .state == "Failed"))'
            """
        )
        {
            s_what.Names,
            s_what.All,
            s_what.Storage,
            s_offline,
            s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        VerifyOperation operation = new(host, parsed.GetValue(s_offline));
        List<VerifyReport> reports = [];
        foreach (string name in s_what.Of(parsed, () => host.Catalog.List()))
        {
            if (
                await s_what.LookAsync(parsed, terminal, kind => operation.RunAsync(name, kind, cancellation))
                is not { } report
            )
            {
                continue;
            }

            reports.Add(report);
            if (!parsed.GetValue(s_json))
            {
                Print(terminal, report);
            }
        }

        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson(reports));
        }

        ErrorKind[] kinds = [.. reports.SelectMany(r => r.Checks).Select(c => c.Kind).OfType<ErrorKind>()];
        return kinds.Length == 0
            ? 0
            : (int)kinds.OrderBy(k => Array.IndexOf(s_order, k) is >= 0 and var at ? at : s_order.Length).First();
    }

    private static void Print(Terminal terminal, VerifyReport report)
    {
        terminal.Result(
            report.Deployment is { } number ? $"{report.Name} ({report.Image}, deployment {number})" : report.Name
        );
        foreach (VerifyCheck check in report.Checks)
        {
            terminal.Result($"  {check.State.ToString().ToLowerInvariant(),-8} {check.Name,-11} {check.Text}");
            foreach (ImageProof proof in check.Proofs ?? [])
            {
                terminal.Result($"    {proof.Requirement}: {proof.Signer}, as {proof.File} requires for {proof.Rule}");
            }

            foreach (string line in check.Details ?? [])
            {
                terminal.Result($"    - {line}");
            }

            if (check.Hint is { } hint)
            {
                terminal.Result($"    > {hint}");
            }
        }
    }
}
