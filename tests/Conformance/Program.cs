// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conformance;
using SystemContainers.Quadlet;
using SystemContainers.Settings;
using SystemContainers.TestBed;

// Conformance [DIR]: what podman's own test files of Quadlet mean to podman, by the lines of them that its tests
// assert, and what sysctr makes of them.

// Of the 130 .container files that podman has; the rest it refuses itself, or they name what sysctr has not.
const int Least = 110;
string[] places =
[
    .. args,
    Environment.GetEnvironmentVariable("SYSCTR_PODMAN") ?? "",
    Path.Combine(Workspace.CacheRoot, "podman"),
];
string? files = places
    .Where(p => p.Length > 0)
    .Select(p => Path.Combine(p, "test/e2e/quadlet"))
    .FirstOrDefault(Directory.Exists);
if (files is null)
{
    Console.WriteLine(
        $"""
        There is no copy of podman's repository, whose test files are compared with.
        Clone github.com/containers/podman to {places[^1]}, or name a copy: SYSCTR_PODMAN=DIR make conformance
        """
    );
    return 0;
}

Console.WriteLine("[Container] and [X-Sysctr], key by key:\n");
foreach (QuadletKey key in ContainerKeys.OfContainer.Values.Concat(ContainerKeys.OfSysctr.Values))
{
    bool isOption =
        key.Option is not null
        && (key.Option == ContainerSettings.Command || SettingOptions.Find(key.Option) is not null);
    string state =
        key.Refused is not null && !isOption ? "refused: " + key.Refused
        : key.Idle is not null ? "idle: " + key.Idle
        : key.Option is null ? "supported. " + key.Remark
        : isOption
            ? $"supported: {(key.Option == ContainerSettings.Command ? "the words behind --" : "--" + key.Option)}. {key.Remark}"
        : $"not yet: there is no --{key.Option}";
    Console.WriteLine($"  {key.Name,-24} {state.TrimEnd()}");
}

Console.WriteLine("\nFile by file:\n");
PodmanFile[] judged =
[
    .. Directory
        .GetFiles(files, "*.container", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(PodmanFile.Judge),
];
foreach (PodmanFile file in judged)
{
    Console.WriteLine(
        $"  {file.Name,-40} {file.Verdict.ToString().ToLowerInvariant()}{(file.Reasons.Count == 0 ? "" : ": " + string.Join("; ", file.Reasons))}"
    );
}

Console.WriteLine(
    $"\n{judged.Length} .container files: {string.Join(", ", judged.GroupBy(j => j.Verdict).OrderBy(g => g.Key).Select(g => $"{g.Count()} {g.Key.ToString().ToLowerInvariant()}"))}."
);

if (Environment.GetEnvironmentVariable("SYSCTR_QUADLETS") is { Length: > 0 } wild)
{
    Console.WriteLine($"\nOf {wild}:\n");
    WildFiles.Print(wild, Environment.GetEnvironmentVariable("SYSCTR_QUADLETS_USER") is "1");
}

// Half taken is worse than refused.
int taken = judged.Count(j => j.Verdict == Verdict.Same);
if (taken < Least)
{
    Console.WriteLine($"At least {Least} were to mean the same, and {taken} do.");
}

return taken < Least || judged.Any(j => j.Verdict == Verdict.Differs) ? 1 : 0;
