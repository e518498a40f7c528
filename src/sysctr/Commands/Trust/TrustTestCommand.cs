// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Target;
using SystemContainers.Trust;

namespace SystemContainers.Cli.Commands.Trust;

static class TrustTestCommand
{
    private static readonly Argument<string> s_image = new("IMAGE") { Description = "As install takes it." };

    private static readonly Option<bool> s_offline = new("--offline")
    {
        Description = "Say which rule decides, and ask no registry for signatures.",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON object." };

    public static Command Create()
    {
        Command command = new(
            "test",
            "Says which rule decides about an image, and whether it would be pulled. Nothing is fetched but its manifest and what speaks for it."
        )
        {
            s_image,
            s_offline,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                TrustVerdict verdict = await new TrustOperation(host, terminal.Note).TestAsync(
                    parsed.GetValue(s_image)!,
                    parsed.GetValue(s_offline),
                    cancellation
                );
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(verdict));
                }
                else
                {
                    Print(terminal, verdict);
                }

                return verdict.Accepted == false ? (int)ErrorKind.Policy : 0;
            }
        );
        return command;
    }

    private static void Print(Terminal terminal, TrustVerdict verdict)
    {
        terminal.Result(verdict.Reference);
        foreach (TrustRule rule in verdict.Rules)
        {
            terminal.Result($"  decides      {rule.Scope} in {rule.File}: {string.Join(" and ", rule.Requirements)}");
        }

        if (verdict.Lookaside is { } lookaside)
        {
            terminal.Result(
                $"  signatures   below {lookaside}{(verdict.Attachments == true ? ", and sigstore's in the registry" : "; sigstore's in the registry are not looked for (registries.d)")}"
            );
        }

        terminal.Result(
            verdict.Accepted switch
            {
                true => $"  accepted     {verdict.ManifestDigest ?? "by the rules alone"}",
                false => $"  refused      {verdict.Reason}",
                null => "  open         only its signatures can say; without --offline they are fetched",
            }
        );
        if (verdict.Hint is { } hint)
        {
            terminal.Result($"    > {hint}");
        }
    }
}
