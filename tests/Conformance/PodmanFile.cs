// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Settings;

namespace SystemContainers.Conformance;

/// <summary>What sysctr makes of a file.</summary>
enum Verdict
{
    /// <summary>It means what it means to podman.</summary>
    Same,

    /// <summary>podman refuses it, and so does sysctr.</summary>
    Refused,

    /// <summary>Refused for an option alone that sysctr does not have yet.</summary>
    NotYet,

    /// <summary>Refused though podman takes it.</summary>
    Stricter,

    /// <summary>It means something else.</summary>
    Differs,
}

/// <summary>A file of podman's tests, judged by the lines in it that begin with <c>## assert-</c>.</summary>
/// <param name="Name">The file's.</param>
/// <param name="Verdict">What was found.</param>
/// <param name="Reasons">Why.</param>
sealed record PodmanFile(string Name, Verdict Verdict, IReadOnlyList<string> Reasons)
{
    private const string NotYet = "not supported yet";

    /// <summary>What podman calls by a letter.</summary>
    private static readonly Dictionary<string, string> s_short = new(StringComparer.Ordinal) { ["-v"] = "volume" };

    /// <summary>What a container has without being asked, or podman needs and sysctr does not.</summary>
    private static readonly string[] s_podmans =
    [
        "name",
        "rm",
        "replace",
        "cgroups",
        "sdnotify=conmon",
        "d",
        "read-only-tmpfs",
        "read-only",
        "env-host=false",
        "http-proxy=false",
        "pull",
        "expose",
        "retry",
        "retry-delay",
        "log-driver=journald",
        "network=host",
    ];

    /// <summary>Of two secrets for one place the later counts, in podman, too; of two ports at one of the host, here
    /// alone: podman fails when it starts.</summary>
    private static readonly Dictionary<string, (string Key, Func<string, string, bool> By)> s_replaced = new(
        StringComparer.Ordinal
    )
    {
        ["secret"] = ("Secret", static (later, earlier) => SecretSetting.Key(later) == SecretSetting.Key(earlier)),
        ["publish"] = (
            "PublishPort",
            static (later, earlier) => PublishedPort.Parse(later).Replaces(PublishedPort.Parse(earlier))
        ),
    };

    /// <summary>What podman says and goes on.</summary>
    private static readonly string[] s_warnings = ["fully qualified", "in the Service group is not supported"];

    /// <summary>Nothing of this machine is looked at, and a variable that a file leaves to systemd is a number, which
    /// fits nearly everywhere.</summary>
    private static readonly QuadletHost s_host = new()
    {
        LooksAtHost = false,
        Manager = () => new Dictionary<string, string> { ["PORT"] = "8080" },
    };

    /// <summary>Judges one.</summary>
    public static PodmanFile Judge(string path)
    {
        string text = File.ReadAllText(path);
        string name = Path.GetFileName(path);
        string[][] asserts =
        [
            .. text.Split('\n')
                .Where(l => l.StartsWith("## assert-", StringComparison.Ordinal))
                .Select(l => QuadletWords.Escaped(l[3..]).ToArray()),
        ];
        bool failsThere =
            text.Contains("assert-failed", StringComparison.Ordinal)
            || asserts.Any(a =>
                a[0] == "assert-stderr-contains" && !s_warnings.Any(w => a[1].Contains(w, StringComparison.Ordinal))
            );

        // What podman refuses for want of another file must not find it here.
        string[] beside = failsThere
            ? []
            :
            [
                .. Directory
                    .GetFiles(Path.GetDirectoryName(path)!)
                    .Where(f => f != path && QuadletFiles.IsOne(f))
                    .Order(StringComparer.Ordinal),
            ];
        QuadletFaults faults = new();
        IReadOnlyList<QuadletUnit> units = QuadletFiles.Read([path, .. beside], f => f, faults);
        QuadletSet set = QuadletSet.Read(units, s_host, faults);
        HashSet<string> own = [path, .. units[0].Lines.Select(l => l.Value.Place.File)];
        string[] refused =
        [
            .. faults
                .All.Where(f => own.Contains(f.Place.File) && f.Kind != Errors.ErrorKind.Conflict)
                .Select(f => f.Text)
                .Distinct(StringComparer.Ordinal),
        ];
        if (refused.Length > 0)
        {
            return new PodmanFile(
                name,
                failsThere ? Verdict.Refused
                    : refused.All(r => r.Contains(NotYet, StringComparison.Ordinal)) ? Verdict.NotYet
                    : Verdict.Stricter,
                refused
            );
        }

        if (failsThere)
        {
            return new PodmanFile(name, Verdict.Differs, ["podman refuses it"]);
        }

        ContainerDeclaration? declared = set.Containers.FirstOrDefault(c => c.Unit.Path == path);
        string[] lacking = declared is null
            ? []
            :
            [
                .. asserts
                    .Where(a => !Holds([.. a.Select(w => Ours(w, set))], declared))
                    .Select(a => string.Join(' ', a)),
            ];
        return new PodmanFile(name, lacking.Length == 0 ? Verdict.Same : Verdict.Differs, lacking);
    }

    /// <summary>What podman calls another container, it joins by that name; here it is called as its unit.</summary>
    private static string Ours(string word, QuadletSet set)
    {
        const string join = "container:";
        return
            word.StartsWith(join, StringComparison.Ordinal)
            && set.Containers.FirstOrDefault(c =>
                word[join.Length..] == (c.Unit.Last("Container", "ContainerName")?.Text ?? "systemd-" + c.Unit.Stem)
            )
                is { } other
            ? join + other.Name
            : word;
    }

    private static bool Holds(string[] assert, ContainerDeclaration declared)
    {
        QuadletExpansion expansion = new(declared.Unit, declared.Name, s_host);
        return assert switch
        {
            ["assert-podman-final-args", "run", ..] => declared
                .Request.Settings.Words()
                .All(w => w == "--security-opt=no-new-privileges=false"),
            ["assert-podman-final-args", "--rootfs", var rootfs] => declared.Request.Rootfs == rootfs
                && declared.Request.Usual.One("writable") == "direct",
            ["assert-podman-final-args", .. var words] => EndsWith(
                [declared.Request.Image, .. declared.Request.Settings.All(ContainerSettings.Command)],
                [.. words.Select(w => expansion.Word(Unescaped(w)))]
            ),
            // What podman's journald driver has no use for; its own words for the unit's.
            [_, "--log-opt", var log] when log.Split('=', 2) is [var what, var text] => what switch
            {
                "path" or "size" => true,
                "label" => declared.Request.Declared!.Lines.Any(l => l.Key == "LogExtraFields" && l.Value == text),
                _ => declared.Request.Declared!.Lines.Any(l =>
                    l.Key == "SyslogIdentifier"
                    && l.Value
                        == text.Trim('"').Replace("{{.ImageName}}", declared.Request.Image, StringComparison.Ordinal)
                ),
            },

            // A unit of the system has none.
            [_, "--group-add", "keep-groups"] => true,
            // They are read when the file is applied, and are not there.
            [_, "--env-file", ..] => true,
            // podman takes the value of its own environment, in which nothing is.
            [_, "--env", var variable] when !variable.Contains('=', StringComparison.Ordinal) => true,
            [_, "--sdnotify=container"] => declared.Request.Declared!.Lines.Any(l =>
                l is { Section: Render.DeclaredUnit.Ours, Key: Render.DeclaredUnit.Notify }
            ),
            // More than a kernel can have.
            [_, "--pids-limit", "8765432"] => declared.Request.Settings.One("pids-limit") == "-1",
            ["assert-podman-args", var option] when option.Split('=', 2) is [var name, var value] => Has(
                declared,
                expansion,
                name,
                expansion.Word(value)
            ),
            ["assert-podman-args", var option, var value] => Has(
                declared,
                expansion,
                option,
                expansion.Word(Unescaped(value))
            ),
            ["assert-podman-args-regex", var option, var pattern] => declared
                .Request.Settings.All(OptionOf(option))
                .Any(v =>
                    System.Text.RegularExpressions.Regex.IsMatch(
                        v,
                        pattern.Replace(".*/podman-e2e-.*/subtest-.*/", ".*/", StringComparison.Ordinal)
                    )
                ),
            ["assert-podman-args-key-val", var option, _, var value] => declared
                .Request.Settings.All(OptionOf(option))
                .Any(v => value.Split(',').All(p => v.Split(',').Contains(expansion.Word(p)))),
            ["assert-key-is", var section, var key, .. var values] when IsPassed(section, key) => values.All(v =>
                declared.Request.Declared!.Lines.Any(l =>
                    l.Section == section && l.Key == key && v.Split(' ').All(w => l.Value.Split(' ').Contains(w))
                )
            ),
            _ => true,
        };
    }

    /// <summary>Whether a key is the file's own, and not one that podman's unit has for podman's sake.</summary>
    private static bool IsPassed(string section, string key) =>
        section is "Unit" && key is not ("RequiresMountsFor" or "Requires" or "After");

    private static bool Has(ContainerDeclaration declared, QuadletExpansion expansion, string option, string value)
    {
        string name = OptionOf(option);
        if (
            s_podmans.Contains(name, StringComparer.Ordinal)
            || s_podmans.Contains($"{name}={value}", StringComparer.Ordinal)
        )
        {
            return true;
        }

        if (
            s_replaced.TryGetValue(name, out (string Key, Func<string, string, bool> By) replaced)
            && declared
                .Unit.All(ContainerKeys.Container, replaced.Key)
                .Select(v => expansion.Word(v.Text))
                .SkipWhile(v => v != value)
                .Skip(1)
                .Any(v => replaced.By(v, value))
        )
        {
            return true;
        }

        return declared
                .Request.Settings.All(name)
                .Any(v =>
                    v.Equals(value, StringComparison.OrdinalIgnoreCase) || v == value + "=" || v == value + "=true"
                )
            || (name == "security-opt" && value is "label=disable")
            || (
                name == "label"
                && value.StartsWith("io.containers.autoupdate=", StringComparison.Ordinal)
                && declared.Request.AutoUpdate == State.AutoUpdatePolicy.Registry
            );
    }

    private static string OptionOf(string option) => s_short.GetValueOrDefault(option, option.TrimStart('-'));

    /// <summary>podman's tests compare the unit's text, in which words are escaped.</summary>
    private static string Unescaped(string word) =>
        word.Contains('\\', StringComparison.Ordinal)
            ? word.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal)
            : word;

    private static bool EndsWith(string[] all, string[] words) =>
        all.Length >= words.Length && all.AsSpan(all.Length - words.Length).SequenceEqual(words);
}
