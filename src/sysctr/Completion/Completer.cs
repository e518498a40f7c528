// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Push.Layers;
using SystemContainers.Rights;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Completion;

/// <summary>
/// What may stand where the cursor is. The scripts for bash, zsh and fish ask for it by
/// <c>sysctr __complete WORD...</c>, so that all of them know what the command tree knows and nothing else. A line is a
/// candidate and, behind a tab, what it is; <c>:file PREFIX</c> and <c>:directory PREFIX</c> let the shell complete a
/// path behind the prefix.
/// </summary>
static class Completer
{
    /// <summary>Not for people.</summary>
    public const string Verb = "__complete";

    /// <summary>Transports whose images are paths (containers-transports(5)).</summary>
    private static readonly string[] s_paths = ["oci:", "oci-archive:", "docker-archive:", "dir:"];

    /// <param name="words">Behind the program's name, the last one as far as it is typed.</param>
    public static IEnumerable<string> Lines(string[] words, InstalledNames names)
    {
        Place place = Place.Of(words);
        string typed = words.Length == 0 ? "" : words[^1];
        if (place.Pending is { } pending)
        {
            return Matching(typed, "", Values(pending, typed, names));
        }

        if (
            !place.OptionsEnded
            && typed.StartsWith("--", StringComparison.Ordinal)
            && typed.IndexOf('=', StringComparison.Ordinal) is var equals and > 0
        )
        {
            Option? option = place.Options.FirstOrDefault(o => o.Name == typed[..equals]);
            return option is null
                ? []
                : Matching(typed, typed[..(equals + 1)], Values(option, typed[(equals + 1)..], names));
        }

        if (!place.OptionsEnded && typed.StartsWith('-'))
        {
            return Matching(
                typed,
                "",
                place.Options.Where(o => !o.Hidden).Select(o => Described(o.Name, o.Description))
            );
        }

        return Matching(
            typed,
            "",
            place.Verbs is { } verbs ? verbs.Where(v => !v.Hidden).Select(v => Described(v.Name, v.Description))
                : place.Argument is { } argument ? Values(argument, typed, place, names)
                : []
        );
    }

    private static IEnumerable<string> Matching(string typed, string prefix, IEnumerable<string> lines) =>
        lines
            .Select(l =>
                l.StartsWith(':') ? $"{l.TrimEnd()} {prefix}{Transport(typed[prefix.Length..])}".TrimEnd() : prefix + l
            )
            .Where(l => l.StartsWith(':') || l.StartsWith(typed, StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal);

    private static string Transport(string typed) =>
        Array.Find(s_paths, p => typed.StartsWith(p, StringComparison.Ordinal)) ?? "";

    private static IEnumerable<string> Values(Option option, string typed, InstalledNames names) =>
        option.HelpName switch
        {
            "DIR" => [":directory"],
            "FILE" => [":file"],
            "true|false" => ["true", "false"],
            "IMAGE" => Images(typed, names),
            "RUNTIME" => ["runc", "crun"],
            "CLASS" => [.. RightClasses.All.Select(c => c.Name), "all"],
            "FORMAT" => LayerFormats.Names,
            "FIELD=PATTERN" => ["name=", "image=", "runtime=", "state=active", "state=failed", "state=inactive"],
            "FILTER" => ["name=", "label=", "in-use=true", "in-use=false"],
            _ => Words(option.ValueType),
        };

    private static IEnumerable<string> Values(Argument argument, string typed, Place place, InstalledNames names) =>
        argument.Name switch
        {
            "NAME" when place.Path == "images tag" => [],
            "NAME" => names.Containers.Except(place.Positional, StringComparer.Ordinal),
            "NAME|IMAGE" => names.Containers.Concat(Images(typed, names)),
            "IMAGE" when place.Path.StartsWith("images ", StringComparison.Ordinal) => names.Images.Except(
                place.Positional,
                StringComparer.Ordinal
            ),
            "IMAGE" or "REPOSITORY" => Images(typed, names),
            "SOURCE" or "DESTINATION" => Places(typed, place, names),
            "IMAGE|DIR|FILE" => [.. Images(typed, names), ":file"],
            "FILE|DIR" => [":file"],
            "DIR" when place.Path == "umount" => names.Mounts,
            "DIR" => [":directory"],
            "N" when place.Positional.Count > 0 => names.Deployments(place.Positional[0]),
            _ => [],
        };

    /// <summary>Those of the store; where a transport stands, paths.</summary>
    private static IEnumerable<string> Images(string typed, InstalledNames names) =>
        Transport(typed).Length > 0
            ? [":file"]
            : [.. names.Images, .. typed.Length == 0 ? [] : s_paths.Where(p => p != "dir:")];

    /// <summary>Where images are copied from and to: paths behind their transports, else transports, and images of the
    /// store behind theirs.</summary>
    private static string[] Places(string typed, Place place, InstalledNames names) =>
        Transport(typed).Length > 0 ? [":file"]
        : place.Path == "push" ? s_paths
        :
        [
            .. s_paths,
            "docker://",
            "docker-daemon:",
            "containers-storage:",
            .. names.Images.Select(i => CopyOperation.Store + i),
        ];

    /// <summary>The members of an enumeration, as they are typed.</summary>
    private static IEnumerable<string> Words(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: true } words
            ? Enum.GetNames(words).Select(n => n.ToLowerInvariant())
            : [];

    private static string Described(string name, string? description) =>
        description is null
            ? name
            : $"{name}\t{description.Split("\n\n")[0].ReplaceLineEndings(" ").Split(". ")[0].Split(": ")[0].TrimEnd('.')}";
}
