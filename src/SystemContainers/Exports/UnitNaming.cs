// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Templates;

namespace SystemContainers.Exports;

/// <summary>
/// How files of /exports become units of a container. A file is <c>STEM.KIND</c> or <c>KIND</c> alone, KIND one of
/// service, socket, timer, path. The only file of a kind is <c>NAME.KIND</c>. Of several, the main one is
/// <c>NAME.KIND</c> and the others are <c>NAME-STEM.KIND</c>; main is the one without a stem, or with the stem
/// <c>main</c>, or with the main service's stem. A stem that ends in <c>@</c> is instantiated, <c>NAME@.KIND</c>, and
/// counted apart.
/// </summary>
static partial class UnitNaming
{
    /// <summary>A unit file of the image.</summary>
    /// <param name="File">Its text.</param>
    /// <param name="Stem">What is before the kind, empty for none.</param>
    /// <param name="Kind">service, socket, timer or path.</param>
    public sealed record Candidate(ExportFile File, string Stem, string Kind)
    {
        public bool IsInstantiated => Stem.EndsWith('@');

        public string PlainStem => Stem.TrimEnd('@');
    }

    /// <summary>Splits a file's name, already without the ending that tells its language.</summary>
    /// <returns>False: it is no unit.</returns>
    public static bool TrySplit(string name, out string stem, out string kind)
    {
        Match match = UnitFileName().Match(name);
        stem = match.Groups["stem"].Value;
        kind = match.Groups["kind"].Value;
        return match.Success;
    }

    /// <summary>Gives every unit its name, the main service first, else in ordinal order of the names.</summary>
    /// <exception cref="Errors.SysctrException">Template: two files would become the same unit, or of several services
    /// none is the main one.</exception>
    public static IReadOnlyList<ExportUnit> Name(IReadOnlyList<Candidate> found)
    {
        List<Candidate> candidates = [.. found.GroupBy(c => (c.Stem, c.Kind)).Select(Preferred)];
        string? mainStem = MainStem([.. candidates.Where(c => c is { Kind: "service", IsInstantiated: false })]);
        Dictionary<string, ExportUnit> units = new(StringComparer.Ordinal);
        foreach (
            IGrouping<(string Kind, bool IsInstantiated), Candidate> group in candidates.GroupBy(c =>
                (c.Kind, c.IsInstantiated)
            )
        )
        {
            Candidate[] members = [.. group];
            foreach (Candidate member in members)
            {
                bool plain = members.Length == 1 || member.PlainStem is "" or "main" || member.PlainStem == mainStem;
                string suffix =
                    (plain ? "" : "-" + member.PlainStem) + (member.IsInstantiated ? "@." : ".") + member.Kind;
                ExportUnit unit = new(member.File, suffix);
                if (!units.TryAdd(suffix, unit))
                {
                    throw TemplateErrors.At(
                        member.File.Path,
                        $"{units[suffix].File.Path} would become the same unit, NAME{suffix}"
                    );
                }
            }
        }

        return [.. units.Values.OrderBy(u => !u.IsMain).ThenBy(u => u.NameSuffix, StringComparer.Ordinal)];
    }

    // An image for both worlds has the same unit twice; the richer language is the one that was written for us.
    private static Candidate Preferred(IEnumerable<Candidate> same) =>
        same.MinBy(c =>
            c.File.Kind switch
            {
                TemplateKind.Scriban => 0,
                TemplateKind.Plain => 1,
                _ => 2,
            }
        )!;

    private static string? MainStem(IReadOnlyList<Candidate> services)
    {
        if (services.Count <= 1)
        {
            return services.Count == 1 ? services[0].Stem : null;
        }

        return services.FirstOrDefault(s => s.Stem is "" or "main")?.Stem
            ?? throw TemplateErrors.At(
                "/exports",
                $"it has {services.Count} services and none of them is the main one",
                "the image's author has to call the main one service.sbn or main.service.sbn"
            );
    }

    [GeneratedRegex(
        @"^(?:(?<stem>[A-Za-z0-9:_.\\-]+@?)\.)?(?<kind>service|socket|timer|path)\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex UnitFileName();
}
