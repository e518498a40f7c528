// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using SystemContainers.Cli;
using SystemContainers.Cli.Output;
using SystemContainers.Doctor;
using SystemContainers.Fleet;
using SystemContainers.Fleet.AutoUpdate;
using SystemContainers.Fsck;
using SystemContainers.Inspect;
using SystemContainers.Inspect.Diff;
using SystemContainers.Inspect.Images;
using SystemContainers.Inspect.Plan;
using SystemContainers.Inspect.Remote;
using SystemContainers.Inspect.Space;
using SystemContainers.Lint.Json;
using SystemContainers.ManPages;
using SystemContainers.Mounts;
using SystemContainers.Scan;
using SystemContainers.State;
using SystemContainers.TestBed;
using SystemContainers.Trust;
using SystemContainers.Verify;
using Xunit;

namespace SystemContainers.Tests.Cli;

/// <summary>What <c>--json</c> prints is what the verb's page says: each member of each object stands there.</summary>
public sealed class JsonMembersTests
{
    private static readonly Dictionary<string, JsonTypeInfo> s_printed = new(StringComparer.Ordinal)
    {
        ["apply"] = CliJson.Default.IReadOnlyListApplyReport,
        ["auto-update"] = AutoUpdateJson.Default.IReadOnlyListAutoUpdateReport,
        ["copy"] = CliJson.Default.TransferReport,
        ["df"] = SpaceJson.Default.SpaceReport,
        ["diff"] = DiffJson.Default.DeploymentDiff,
        ["doctor"] = DoctorJson.Default.DoctorReport,
        ["from compose"] = CliJson.Default.FromReport,
        ["from docker-run"] = CliJson.Default.FromReport,
        ["from podman"] = CliJson.Default.FromReport,
        ["fsck"] = FsckJson.Default.FsckReport,
        ["history"] = StateJson.Default.IReadOnlyListHistoryEntry,
        ["images info"] = ImagesJson.Default.ImageDetails,
        ["images list"] = ImagesJson.Default.IReadOnlyListImageReport,
        ["images load"] = CliJson.Default.IReadOnlyListPulledReport,
        ["images prune"] = CliJson.Default.PruneReport,
        ["images save"] = CliJson.Default.IReadOnlyListTransferReport,
        ["images update"] = CliJson.Default.IReadOnlyListHistoryImage,
        ["images verify"] = CliJson.Default.IReadOnlyListImageVerdict,
        ["images version"] = CliJson.Default.IReadOnlyListImageVersionReport,
        ["info"] = InspectJson.Default.ContainerDetails,
        ["inspect"] = RemoteJson.Default.RemoteImage,
        ["lint"] = LintJson.Default.IReadOnlyListLintMessage,
        ["list"] = InspectJson.Default.IReadOnlyListContainerReport,
        ["list-tags"] = RemoteJson.Default.TagList,
        ["migrate"] = CliJson.Default.MigrateReport,
        ["mount"] = MountsJson.Default.IReadOnlyListMountRecord,
        ["plan install"] = PlanJson.Default.HostPlan,
        ["plan rollback"] = PlanJson.Default.HostPlan,
        ["plan uninstall"] = PlanJson.Default.HostPlan,
        ["plan update"] = PlanJson.Default.HostPlan,
        ["prune"] = CliJson.Default.PruneReport,
        ["pull"] = CliJson.Default.IReadOnlyListPulledReport,
        ["push"] = CliJson.Default.TransferReport,
        ["rollback"] = CliJson.Default.IReadOnlyListChangeReport,
        ["rollout status"] = FleetJson.Default.IReadOnlyListRolloutReport,
        ["sbom"] = RemoteJson.Default.AttachedList,
        ["scan"] = ScanJson.Default.IReadOnlyListScanReport,
        ["status"] = CliJson.Default.StatusReport,
        ["trust show"] = TrustJson.Default.IReadOnlyListTrustReport,
        ["trust test"] = TrustJson.Default.TrustVerdict,
        ["uninstall"] = CliJson.Default.IReadOnlyListUninstallReport,
        ["update"] = CliJson.Default.IReadOnlyListChangeReport,
        ["verify"] = VerifyJson.Default.IReadOnlyListVerifyReport,
        ["version"] = CliJson.Default.VersionReport,
    };

    /// <summary>What says "as NAME has it" in its own text.</summary>
    private static readonly Dictionary<string, string> s_elsewhere = new(StringComparer.Ordinal)
    {
        ["install"] = "info",
        ["network create"] = "podman's network files",
        ["network list"] = "podman's network files",
    };

    /// <summary>Members of a record that no object has which a verb prints.</summary>
    private static readonly Dictionary<string, string[]> s_unprinted = new(StringComparer.Ordinal)
    {
        // Whoever looks at a deployment for as long as it runs has mounted nothing that would be listed.
        ["mount"] = ["owner"],
    };

    /// <summary>Every verb that prints JSON.</summary>
    public static TheoryData<string> Verbs => [.. CommandLineTests.Verbs.Select(v => v.Data).Where(HasJson)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void A_page_names_each_member_of_what_its_verb_prints(string verb)
    {
        string text = TextOf(verb);
        if (s_elsewhere.TryGetValue(verb, out string? elsewhere))
        {
            Assert.Contains(elsewhere, text, StringComparison.Ordinal);
            return;
        }

        string[] unprinted = s_unprinted.GetValueOrDefault(verb, []);
        IEnumerable<string> untold = Members(s_printed[verb], [])
            .Distinct(StringComparer.Ordinal)
            .Where(m => Names(m) == unprinted.Contains(m, StringComparer.Ordinal));
        Assert.Equal("", string.Join(' ', untold));

        bool Names(string member) => Regex.IsMatch(text, $@"(?<![\w-]){Regex.Escape(member)}(?!\w)");
    }

    private static bool HasJson(string verb)
    {
        System.CommandLine.Command command = CommandTree.Create();
        foreach (string word in verb.Split(' '))
        {
            command = command.Subcommands.Single(s => s.Name == word);
        }

        return command.Options.Any(o => o.Name == "--json");
    }

    private static string TextOf(string verb)
    {
        string[] words = verb.Split(' ');
        Prose prose = Prose.Read(Path.Combine(Workspace.Root, $"packaging/man/prose/{words[0]}.man"));
        string section = words.Length > 1 && prose.Options(words[1]).ContainsKey("--json") ? words[1] : "OPTIONS";
        string[] roff = ["\\fB", "\\fI", "\\fR"];
        return roff.Aggregate(
            prose.Options(section)["--json"].Text.Replace("\\-", "-", StringComparison.Ordinal),
            (text, word) => text.Replace(word, "", StringComparison.Ordinal)
        );
    }

    /// <summary>The members of an object and of those in it; the keys of a map are data.</summary>
    private static IEnumerable<string> Members(JsonTypeInfo type, HashSet<Type> seen)
    {
        if (type.ElementType is { } element)
        {
            return Members(type.Options.GetTypeInfo(element), seen);
        }

        return type.Kind != JsonTypeInfoKind.Object || !seen.Add(type.Type)
            ? []
            : type
                .Properties.Where(p => p.Get is not null)
                .SelectMany(p => Members(type.Options.GetTypeInfo(p.PropertyType), seen).Prepend(p.Name));
    }
}
