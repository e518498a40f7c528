// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Inspect.Plan;

namespace SystemContainers.Cli.Output;

/// <summary>A plan as it is shown, by the verbs of <c>plan</c> and by <c>apply --plan</c>.</summary>
static class PlanView
{
    /// <summary>Prints a plan.</summary>
    /// <returns>0; where the verb itself would be refused, its exit status.</returns>
    public static int Show(HostPlan plan, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.Json(Reports.ToJson(plan));
        }
        else
        {
            foreach (string line in PlanText.Lines(plan))
            {
                terminal.TextLine(terminal.Typed(line));
            }
        }

        if (plan.Refused is { } refused)
        {
            terminal.Error(refused.Message, refused.Hint);
            return refused.ExitCode;
        }

        return 0;
    }
}
