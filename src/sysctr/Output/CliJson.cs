// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Conversion.Files;
using SystemContainers.Images;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Apply;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Output;

/// <summary>What verbs print with <c>--json</c> beside the library's reports, camelCase and indented as those
/// are.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true
)]
[JsonSerializable(typeof(VersionReport))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(MigrateReport))]
[JsonSerializable(typeof(PruneReport))]
[JsonSerializable(typeof(IReadOnlyList<PulledReport>))]
[JsonSerializable(typeof(IReadOnlyList<ImageVersionReport>))]
[JsonSerializable(typeof(IReadOnlyList<ImageVerdict>))]
[JsonSerializable(typeof(IReadOnlyList<ChangeReport>))]
[JsonSerializable(typeof(IReadOnlyList<UninstallReport>))]
[JsonSerializable(typeof(IReadOnlyList<ApplyReport>))]
[JsonSerializable(typeof(IReadOnlyList<HistoryImage>))]
[JsonSerializable(typeof(TransferReport))]
[JsonSerializable(typeof(IReadOnlyList<TransferReport>))]
[JsonSerializable(typeof(FromReport))]
sealed partial class CliJson : JsonSerializerContext;

/// <summary>Of <c>version</c>.</summary>
sealed record VersionReport(string Version);

/// <summary>Of <c>status</c>.</summary>
/// <param name="Name">The container.</param>
/// <param name="Unit">Its main unit.</param>
/// <param name="State">systemd's ActiveState.</param>
/// <param name="SubState">systemd's SubState.</param>
/// <param name="Enabled">systemd's UnitFileState.</param>
/// <param name="MainPid">The payload's process, 0 where none runs.</param>
/// <param name="Image">The image as a full reference.</param>
/// <param name="Running">What the exit status says.</param>
sealed record StatusReport(
    string Name,
    string Unit,
    string State,
    string SubState,
    string Enabled,
    uint MainPid,
    string Image,
    bool Running
);

/// <summary>Of <c>migrate</c>.</summary>
/// <param name="Layers">Layers that were converted.</param>
sealed record MigrateReport(int Layers);

/// <summary>Of <c>prune</c> and <c>images prune</c>.</summary>
/// <param name="Layers">Layers that were removed.</param>
/// <param name="Files">Files that were removed.</param>
/// <param name="Bytes">What the disk got back.</param>
sealed record PruneReport(int Layers, int Files, long Bytes);

/// <summary>Of <c>pull</c>, for each name that an image is kept by.</summary>
/// <param name="Name">The full reference.</param>
/// <param name="Id">The digest of the configuration.</param>
/// <param name="Digest">The digest of the manifest.</param>
sealed record PulledReport(string Name, string Id, string Digest);

/// <summary>Of <c>images version</c>.</summary>
/// <param name="Name">The full reference.</param>
/// <param name="Version">What its labels say; left out where they say nothing.</param>
/// <param name="Id">The digest of the configuration.</param>
sealed record ImageVersionReport(string Name, string? Version, string Id);

/// <summary>Of <c>from</c>.</summary>
/// <param name="Findings">What is to be said of the translation.</param>
sealed record FromReport(IReadOnlyList<FromFile> Files, IReadOnlyList<ConversionFinding> Findings);

/// <summary>A file that <c>from</c> made.</summary>
/// <param name="Name">Without a directory.</param>
/// <param name="Path">Where it was written; left out where it was not.</param>
sealed record FromFile(string Name, string? Path, string Text);

/// <summary>Of update and rollback, for each container.</summary>
/// <param name="Name">The container.</param>
/// <param name="Changed">Whether it was changed.</param>
/// <param name="From">The deployment in use before.</param>
/// <param name="To">The deployment in use now.</param>
sealed record ChangeReport(string Name, bool Changed, HistoryDeployment? From, HistoryDeployment? To)
{
    /// <summary>Of a container as it is now.</summary>
    public static ChangeReport Of(Host host, string name, HistoryDeployment? before)
    {
        HistoryDeployment? now = HistoryDeployment.Of(host.Catalog.Find(name));
        return new ChangeReport(name, now != before, before, now);
    }
}
