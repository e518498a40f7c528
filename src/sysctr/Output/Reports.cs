// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Doctor;
using SystemContainers.Fleet;
using SystemContainers.Fleet.AutoUpdate;
using SystemContainers.Fsck;
using SystemContainers.Images;
using SystemContainers.Inspect;
using SystemContainers.Inspect.Diff;
using SystemContainers.Inspect.Images;
using SystemContainers.Inspect.Plan;
using SystemContainers.Inspect.Remote;
using SystemContainers.Inspect.Space;
using SystemContainers.Lint.Json;
using SystemContainers.Mounts;
using SystemContainers.Scan;
using SystemContainers.State;
using SystemContainers.Trust;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Apply;
using SystemContainers.Verbs.Transfer;
using SystemContainers.Verify;

namespace SystemContainers.Cli.Output;

/// <summary>Reports as the JSON that <c>--json</c> promises.</summary>
static class Reports
{
    public static string ToJson(IReadOnlyList<ContainerReport> containers) =>
        JsonSerializer.Serialize(containers, InspectJson.Default.IReadOnlyListContainerReport);

    public static string ToJson(ContainerDetails details) =>
        JsonSerializer.Serialize(details, InspectJson.Default.ContainerDetails);

    public static string ToJson(IReadOnlyList<ContainerDetails> details) =>
        JsonSerializer.Serialize(details, InspectJson.Default.IReadOnlyListContainerDetails);

    public static string ToJson(ImageDetails details) =>
        JsonSerializer.Serialize(details, ImagesJson.Default.ImageDetails);

    public static string ToJson(IReadOnlyList<ImageReport> images) =>
        JsonSerializer.Serialize(images, ImagesJson.Default.IReadOnlyListImageReport);

    public static string ToJson(RemoteImage image) => JsonSerializer.Serialize(image, RemoteJson.Default.RemoteImage);

    public static string ToJson(AttachedList attached) =>
        JsonSerializer.Serialize(attached, RemoteJson.Default.AttachedList);

    public static string ToJson(TagList tags) => JsonSerializer.Serialize(tags, RemoteJson.Default.TagList);

    public static string ToJson(IReadOnlyList<LintMessage> findings) =>
        JsonSerializer.Serialize(findings, LintJson.Default.IReadOnlyListLintMessage);

    public static string ToJson(IReadOnlyList<AutoUpdateReport> reports) =>
        JsonSerializer.Serialize(reports, AutoUpdateJson.Default.IReadOnlyListAutoUpdateReport);

    public static string ToJson(IReadOnlyList<MountRecord> mounts) =>
        JsonSerializer.Serialize(mounts, MountsJson.Default.IReadOnlyListMountRecord);

    public static string ToJson(IReadOnlyList<ScanReport> reports) =>
        JsonSerializer.Serialize(reports, ScanJson.Default.IReadOnlyListScanReport);

    public static string ToJson(IReadOnlyList<VerifyReport> reports) =>
        JsonSerializer.Serialize(reports, VerifyJson.Default.IReadOnlyListVerifyReport);

    public static string ToJson(IReadOnlyList<TrustReport> rules) =>
        JsonSerializer.Serialize(rules, TrustJson.Default.IReadOnlyListTrustReport);

    public static string ToJson(TrustVerdict verdict) =>
        JsonSerializer.Serialize(verdict, TrustJson.Default.TrustVerdict);

    public static string ToJson(HostPlan plan) => JsonSerializer.Serialize(plan, PlanJson.Default.HostPlan);

    public static string ToJson(OfflinePlan plan) => JsonSerializer.Serialize(plan, PlanJson.Default.OfflinePlan);

    public static string ToJson(DeploymentDiff diff) => JsonSerializer.Serialize(diff, DiffJson.Default.DeploymentDiff);

    public static string ToJson(VersionReport version) =>
        JsonSerializer.Serialize(version, CliJson.Default.VersionReport);

    public static string ToJson(StatusReport status) => JsonSerializer.Serialize(status, CliJson.Default.StatusReport);

    public static string ToJson(MigrateReport migrated) =>
        JsonSerializer.Serialize(migrated, CliJson.Default.MigrateReport);

    public static string ToJson(PruneReport pruned) => JsonSerializer.Serialize(pruned, CliJson.Default.PruneReport);

    public static string ToJson(IReadOnlyList<PulledReport> pulled) =>
        JsonSerializer.Serialize(pulled, CliJson.Default.IReadOnlyListPulledReport);

    public static string ToJson(TransferReport report) =>
        JsonSerializer.Serialize(report, CliJson.Default.TransferReport);

    public static string ToJson(IReadOnlyList<TransferReport> reports) =>
        JsonSerializer.Serialize(reports, CliJson.Default.IReadOnlyListTransferReport);

    public static string ToJson(IReadOnlyList<ImageVersionReport> versions) =>
        JsonSerializer.Serialize(versions, CliJson.Default.IReadOnlyListImageVersionReport);

    public static string ToJson(IReadOnlyList<ImageVerdict> verdicts) =>
        JsonSerializer.Serialize(verdicts, CliJson.Default.IReadOnlyListImageVerdict);

    public static string ToJson(IReadOnlyList<ChangeReport> changes) =>
        JsonSerializer.Serialize(changes, CliJson.Default.IReadOnlyListChangeReport);

    public static string ToJson(IReadOnlyList<UninstallReport> reports) =>
        JsonSerializer.Serialize(reports, CliJson.Default.IReadOnlyListUninstallReport);

    public static string ToJson(IReadOnlyList<HistoryImage> images) =>
        JsonSerializer.Serialize(images, CliJson.Default.IReadOnlyListHistoryImage);

    public static string ToJson(IReadOnlyList<ApplyReport> reports) =>
        JsonSerializer.Serialize(reports, CliJson.Default.IReadOnlyListApplyReport);

    public static string ToJson(FromReport report) => JsonSerializer.Serialize(report, CliJson.Default.FromReport);

    public static string ToJson(SpaceReport space) => JsonSerializer.Serialize(space, SpaceJson.Default.SpaceReport);

    /// <summary>A member of an enumeration as the JSON has it.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    public static string ToJson(IReadOnlyList<HistoryEntry> entries) =>
        JsonSerializer.Serialize(entries, StateJson.Default.IReadOnlyListHistoryEntry);

    public static string ToJson(FsckReport report) => JsonSerializer.Serialize(report, FsckJson.Default.FsckReport);

    public static string ToJson(DoctorReport report) =>
        JsonSerializer.Serialize(report, DoctorJson.Default.DoctorReport);

    public static string ToJson(IReadOnlyList<RolloutReport> hosts) =>
        JsonSerializer.Serialize(hosts, FleetJson.Default.IReadOnlyListRolloutReport);
}
