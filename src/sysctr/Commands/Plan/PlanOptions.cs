// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Inspect.Plan;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Plan;

/// <summary>What the verbs below <c>plan</c> share: how the plan is shown, and what the exit status says.</summary>
static class PlanOptions
{
    /// <summary>As terraform has it: there are changes.</summary>
    private const int Changes = 2;

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON object; the verb's manual page describes it.",
    };

    private static readonly Option<bool> s_detailed = new("--detailed-exitcode")
    {
        Description = "Exit with 2 when there are changes, 0 when there are none.",
    };

    /// <summary>Adds them, and what the verb does.</summary>
    public static Command With(
        Command command,
        Func<ParseResult, PlanOperation, Host, CancellationToken, Task<HostPlan>> plan
    )
    {
        command.Add(s_json);
        command.Add(s_detailed);
        command.SetAction((parsed, cancellation) => RunAsync(parsed, plan, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        Func<ParseResult, PlanOperation, Host, CancellationToken, Task<HostPlan>> plan,
        CancellationToken cancellation
    )
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        HostPlan planned;
        using (PullProgressView progress = new(terminal))
        {
            planned = await plan(parsed, new PlanOperation(host, progress, terminal.Note), host, cancellation);
        }

        int refused = PlanView.Show(planned, parsed.GetValue(s_json), terminal);
        return refused == 0 && planned.HasChanges && parsed.GetValue(s_detailed) ? Changes : refused;
    }
}
