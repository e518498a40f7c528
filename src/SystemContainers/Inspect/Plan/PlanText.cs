// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.Inspect.Diff;
using SystemContainers.Rights;
using SystemContainers.State;

namespace SystemContainers.Inspect.Plan;

/// <summary>A plan for people: a line for each change, <c>+</c> for what comes, <c>~</c> for what changes, <c>-</c> for
/// what goes.</summary>
static class PlanText
{
    private const int KindWidth = 10;

    public static IEnumerable<string> Lines(HostPlan plan)
    {
        foreach (ContainerPlan container in plan.Containers)
        {
            yield return Heading(container);
            foreach (string line in Changes(container))
            {
                yield return "    " + line;
            }

            yield return "";
        }

        foreach (string line in plan.Networks.SelectMany(NetworkLines))
        {
            yield return line;
        }

        if (plan.NetworksRefused is { } refused)
        {
            yield return $"! networks: {refused.Message}{(refused.Hint is null ? "" : $" ({refused.Hint})")}";
        }

        if (plan.Networks.Count > 0 || plan.NetworksRefused is not null)
        {
            yield return "";
        }

        yield return $"Plan: {plan.Count(PlanAction.Install)} to install, {plan.Count(PlanAction.Update)} to update, "
            + $"{plan.Count(PlanAction.Rollback)} to roll back, {plan.Count(PlanAction.Uninstall)} to uninstall, {plan.Count(PlanAction.None)} unchanged.";
        if (plan.Networks.Count > 0)
        {
            yield return $"Networks: {plan.Count(PlannedNetworkAction.Create)} to make, {plan.Count(PlannedNetworkAction.Change)} to change, {plan.Count(PlannedNetworkAction.Remove)} to remove, {plan.Count(PlannedNetworkAction.None)} unchanged.";
        }

        if (plan.Together)
        {
            yield return "Together: all of them, or none.";
        }

        if (plan.StopOrder.Count > 0)
        {
            yield return $"Stop, in this order: {string.Join(", ", plan.StopOrder)}.";
        }

        if (plan.StartOrder.Count > 0)
        {
            yield return $"Start, in this order: {string.Join(", ", plan.StartOrder)}.";
        }

        if (plan.DownloadLayers + plan.StoredLayers > 0)
        {
            yield return $"Download: {ByteSize.Text(plan.DownloadBytes)} in {plan.DownloadLayers} layers ({plan.StoredLayers} are in the store); disk: {ByteSize.Text(plan.DiskBytes)}.";
        }
    }

    public static IEnumerable<string> NetworkLines(PlannedNetwork network)
    {
        string by = network.File is { } file ? $", by {file}" : ", with the first container that starts on it";
        yield return network.Action switch
        {
            PlannedNetworkAction.Create =>
                $"+ make network {network.Name}: {network.Driver} {string.Join(' ', network.Subnets)}{by}",
            PlannedNetworkAction.Change =>
                $"~ change network {network.Name}, for containers from their next start on{by}",
            PlannedNetworkAction.Remove => $"- remove network {network.Name}: {network.File} declares it no more",
            _ => $"= network {network.Name}: is as declared",
        };
        foreach (PlannedValue value in network.Changes)
        {
            yield return "    " + Line('~', "value", $"{value.Name}: {Quoted(value.From)} to {Quoted(value.To)}");
        }
    }

    private static string Heading(ContainerPlan plan) =>
        plan.Action switch
        {
            PlanAction.Install => $"+ install {plan.Name}: {plan.To!.Image}, {HistoryText.Deployment(plan.To)}",
            PlanAction.Update => $"~ update {plan.Name}: {Images(plan)}",
            PlanAction.Rollback => $"~ roll back {plan.Name}: {Images(plan)}",
            PlanAction.Uninstall => $"- uninstall {plan.Name}: {plan.From!.Image}, {HistoryText.Deployment(plan.From)}",
            _ when plan.Refused is not null => $"! {plan.Name}: {plan.Refused.Message}",
            _ => $"= {plan.Name}: is up to date",
        };

    private static string Images(ContainerPlan plan) =>
        $"{HistoryText.Deployment(plan.From)} to {HistoryText.Deployment(plan.To)}, {plan.To!.Image}"
        + (plan.From!.Image == plan.To.Image ? "" : $" instead of {plan.From.Image}");

    private static IEnumerable<string> Changes(ContainerPlan plan) =>
        [
            .. plan.MadeDirectories.Select(d => Line('+', "directory", d)),
            .. plan.Files.Where(f => f.Action != HostFileAction.Unchanged).Select(File),
            .. plan.RemovedDirectories.Select(d => Line('-', "directory", d, "if nothing else is in it")),
            .. plan.StateDirectories.Select(d =>
                plan.Action == PlanAction.Install ? Line('+', "state", d)
                : plan.Purge ? Line('-', "state", d)
                : Line('=', "state", d, "kept")
            ),
            .. plan.ConfigChanged
                ?
                [
                    Line(
                        '~',
                        "config",
                        DeploymentView.Configuration,
                        $"'sysctr diff {plan.Name}' shows how, afterwards"
                    ),
                ]
                : (string[])[],
            .. plan
                .Values.Where(v => plan.Action != PlanAction.Install)
                .Select(v => Line('~', "value", $"{v.Name}: {Quoted(v.From)} to {Quoted(v.To)}")),
            .. plan.Enabled.Select(u => Line('+', "enable", u)),
            .. plan.Disabled.Select(u => Line('-', "disable", u)),
            .. plan.Stopped.Select(u =>
                plan.Action == PlanAction.Uninstall ? Line('-', "stop", u) : Line('~', "restart", u)
            ),
            .. plan.Dependents.Select(u =>
                plan.Action == PlanAction.Uninstall
                    ? Line('-', "stop", u, "it depends on the container")
                    : Line('~', "restart", u, "it depends on the container")
            ),
            .. plan.Started.Except(plan.Stopped, StringComparer.Ordinal).Select(u => Line('+', "start", u)),
            .. plan
                .Gained.Where(r => r.Level != RightLevel.Usual || plan.Action != PlanAction.Install)
                .Select(r =>
                    Line(
                        r.Level == RightLevel.Dangerous ? '!' : '+',
                        "right",
                        $"{r.Class} {r.Detail}".TrimEnd(),
                        r.Level == RightLevel.Dangerous ? "dangerous" : null
                    )
                ),
            .. plan.Warnings.Select(w => Line('!', "warning", w)),
        ];

    private static string File(PlannedFile file) =>
        file.Action switch
        {
            HostFileAction.Create => Line('+', Kind(file), file.Path),
            HostFileAction.Replace => Line(
                '~',
                Kind(file),
                file.Path,
                file.DirectoryOnly ? "only the deployment's directory in it" : null
            ),
            HostFileAction.ReplaceEdited => Line(
                '~',
                Kind(file),
                file.Path,
                "edited here; that is kept as .sysctr-save"
            ),
            HostFileAction.LayBeside => Line(
                '=',
                Kind(file),
                file.Path,
                "edited here; the new version is laid beside it as .sysctr-new"
            ),
            HostFileAction.KeepEdited => Line('=', Kind(file), file.Path, "edited here; kept"),
            HostFileAction.Delete => Line('-', Kind(file), file.Path),
            HostFileAction.SetAside => Line('-', Kind(file), file.Path, "edited here; that is kept as .sysctr-save"),
            HostFileAction.LeaveEdited => Line('=', Kind(file), file.Path, "edited here; left where it is"),
            _ => Line('!', Kind(file), file.Path, $"is there and belongs to {file.Owner}"),
        };

    private static string Kind(PlannedFile file) =>
        file.Kind switch
        {
            PlannedFileKind.Unit => "unit",
            PlannedFileKind.DropIn => "drop-in",
            PlannedFileKind.Tmpfiles => "tmpfiles",
            _ => "host file",
        };

    private static string Quoted(string? text) => text is null ? "nothing" : $"\"{text}\"";

    private static string Line(char sign, string kind, string what, string? remark = null) =>
        $"{sign} {kind.PadRight(KindWidth)} {what}{(remark is null ? "" : $" ({remark})")}";
}
