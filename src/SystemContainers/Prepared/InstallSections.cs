// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using SystemContainers.Errors;
using SystemContainers.Render;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;

namespace SystemContainers.Prepared;

/// <summary>
/// The [Install] sections of an image's units, as far as enabling them reaches beyond the container (systemd.unit(5)).
/// Alias= gives a unit further names, and a link in /etc wins over a unit of that name in /usr; Also= enables and
/// disables other units along with it. An alias has to be a name that nobody has and that systemd does not look for
/// itself; Also= names units of the container.
/// </summary>
static class InstallSections
{
    // Names that systemd and D-Bus start without anybody asking for them, if a unit has them (systemd.special(7)):
    // whoever takes one is part of the host's boot. A prefix ends in '*'.
    private static readonly string[] s_special =
    [
        "dbus.*",
        "dbus-*",
        "systemd-*",
        "user@*",
        "user-*",
        "init.*",
        "emergency.*",
        "rescue.*",
        "syslog.*",
        "display-manager.*",
        "autovt@*",
        "getty@*",
        "console-getty.*",
        "ctrl-alt-del.*",
        "kbrequest.*",
        "sigpwr.*",
        "runlevel*",
        "initrd-*",
        "quotaon.*",
    ];

    /// <summary>What leads to another directory, or what systemd would expand or unquote.</summary>
    private static readonly SearchValues<char> s_notPlain = SearchValues.Create("/%\\\"'$");

    /// <summary>Checks the units of containers that are about to be enabled; changes nothing.</summary>
    /// <exception cref="SysctrException">Conflict: names the unit, what it wants, and who has it; Unsafe: an alias is
    /// no name of a unit.</exception>
    public static void Check(HostPaths paths, IReadOnlyList<PreparedContainer> containers)
    {
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        foreach (PreparedContainer container in containers)
        {
            foreach (string unit in container.Record.UnitNames)
            {
                owners.TryAdd(unit, unit);
            }
        }

        foreach (PreparedContainer container in containers)
        {
            HashSet<string> own = container.Record.UnitNames.ToHashSet(StringComparer.Ordinal);
            foreach (RenderedUnit unit in container.Rendered.Units.Where(u => own.Contains(u.FileName)))
            {
                UnitText text = UnitText.Parse(unit.Text);
                foreach (string alias in text.Words("Install", "Alias"))
                {
                    CheckAlias(paths, own, owners, unit, alias);
                }

                foreach (string also in text.Words("Install", "Also"))
                {
                    CheckAlso(own, unit, also);
                }
            }
        }
    }

    /// <summary>Whether systemd or D-Bus look for a unit of that name themselves.</summary>
    internal static bool IsSpecial(string name) =>
        s_special.Any(s => s.EndsWith('*') ? name.StartsWith(s[..^1], StringComparison.Ordinal) : s == name);

    private static void CheckAlias(
        HostPaths paths,
        HashSet<string> own,
        Dictionary<string, string> owners,
        RenderedUnit unit,
        string alias
    )
    {
        string name = Expand(unit.FileName, alias);
        if (own.Contains(name))
        {
            return;
        }

        if (name.AsSpan().IndexOfAny(s_notPlain) >= 0 || Path.GetExtension(name) != Path.GetExtension(unit.FileName))
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"installing {unit.FileName}: its Alias={alias} is no name for a {Path.GetExtension(unit.FileName)[1..]}",
                "the image's author has to write the name out"
            );
        }

        if (IsSpecial(name))
        {
            throw Refused(
                unit,
                "Alias",
                alias,
                "systemd looks for a unit of that name itself",
                "the image's author has to choose another name"
            );
        }

        if (UnitFiles.Find(paths, name) is { } there && !IsOurLink(paths, there, own))
        {
            throw Refused(
                unit,
                "Alias",
                alias,
                $"{there} is there, and the alias would take its place",
                "remove that unit first, if the container is to replace it"
            );
        }

        if (!owners.TryAdd(name, unit.FileName) && owners[name] != unit.FileName)
        {
            throw Refused(unit, "Alias", alias, $"{owners[name]} of this call has that name", "install one of them");
        }
    }

    private static void CheckAlso(HashSet<string> own, RenderedUnit unit, string also)
    {
        if (!own.Contains(Expand(unit.FileName, also)))
        {
            throw Refused(
                unit,
                "Also",
                also,
                "it is no unit of the container, and would be enabled and disabled along with it",
                "the image's author has to write Wants= or WantedBy= instead"
            );
        }
    }

    /// <summary>An alias that an earlier deployment of the container made.</summary>
    private static bool IsOurLink(HostPaths paths, string there, HashSet<string> own) =>
        new FileInfo(there).LinkTarget is { } target
        && own.Contains(Path.GetFileName(target))
        && Path.GetFullPath(target, paths.UnitDirectory) == Path.Join(paths.UnitDirectory, Path.GetFileName(target));

    /// <summary>The specifiers that stand for the unit's own name.</summary>
    private static string Expand(string unit, string word)
    {
        string stem = Path.GetFileNameWithoutExtension(unit);
        return word.Replace("%n", unit, StringComparison.Ordinal)
            .Replace("%N", stem, StringComparison.Ordinal)
            .Replace("%p", stem.Split('@')[0], StringComparison.Ordinal);
    }

    private static SysctrException Refused(RenderedUnit unit, string key, string word, string reason, string hint) =>
        new(ErrorKind.Conflict, $"installing {unit.FileName}: its {key}={word} can't be granted: {reason}", hint);
}
