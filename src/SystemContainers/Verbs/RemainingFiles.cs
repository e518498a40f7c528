// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.Render;
using SystemContainers.State;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>
/// What an uninstall leaves, for it is not the container's alone or nobody may lose it: state, what tmpfiles made,
/// directories of systemd's own making, what the administrator has put beside the units.
/// </summary>
sealed class RemainingFiles(Host host)
{
    /// <summary>Settings by which systemd makes directories (systemd.exec(5)), with where those are on the
    /// system.</summary>
    private static readonly (string Setting, string Below)[] s_ofUnits =
    [
        ("StateDirectory", "/var/lib"),
        ("CacheDirectory", "/var/cache"),
        ("LogsDirectory", "/var/log"),
        ("ConfigurationDirectory", "/etc"),
    ];

    /// <summary>The same below the home directory, where the user has not set the XDG variables.</summary>
    private static readonly (string Setting, string Below)[] s_ofUsersUnits =
    [
        ("StateDirectory", ".local/state"),
        ("CacheDirectory", ".cache"),
        ("LogsDirectory", ".local/state/log"),
        ("ConfigurationDirectory", ".config"),
    ];

    /// <summary>Places that may be left, as the host sees them; asked while the container is there, for its own files
    /// name them.</summary>
    public IReadOnlyList<string> Of(ContainerRecord record)
    {
        HashSet<string> places = new(record.StateDirectories, StringComparer.Ordinal);
        places.UnionWith(new StateClaims(host).Of(record.Name));
        foreach (InstalledFile unit in record.Units)
        {
            places.UnionWith(OfUnit(Read(record, unit)));
            places.Add(Path.Join(host.Paths.UnitDirectory, Path.GetFileName(unit.Path) + ".d"));
            places.Add(unit.Path + ".sysctr-save");
        }

        if (record.Tmpfiles is { } tmpfiles)
        {
            places.UnionWith(
                TmpfilesSyntax
                    .Parse(Read(record, tmpfiles))
                    .Where(l => l.Error is null && l.Type is 'd' or 'D' or 'e' or 'v' or 'q' or 'Q' or 'f' or 'C')
                    .Select(l => l.Path)
                    .Where(p =>
                        Path.GetDirectoryName(p) is not ("/" or "/var")
                        && Path.GetFileName(p) != ContainerRenderer.VolumesDirectory
                    )
            );
        }

        return [.. places.Order(StringComparer.Ordinal)];
    }

    /// <summary>Those that are there; of one in another the outer one alone, and of a drop-in directory its
    /// files.</summary>
    public IReadOnlyList<string> StillThere(IReadOnlyList<string> places)
    {
        List<string> there = [];
        foreach (
            string place in places.Where(p =>
                Path.Exists(host.Here(p)) && !there.Any(t => p.StartsWith(t + "/", StringComparison.Ordinal))
            )
        )
        {
            // Made at each boot and gone with it.
            if (
                place.StartsWith("/run/", StringComparison.Ordinal)
                || place.StartsWith("/tmp/", StringComparison.Ordinal)
            )
            {
                continue;
            }

            if (
                place.EndsWith(".d", StringComparison.Ordinal)
                && Path.GetDirectoryName(place) == host.Paths.UnitDirectory
            )
            {
                there.AddRange(
                    Directory
                        .GetFiles(host.Here(place))
                        .Select(f => Path.Join(place, Path.GetFileName(f)))
                        .Order(StringComparer.Ordinal)
                );
            }
            else
            {
                there.Add(place);
            }
        }

        return there;
    }

    private string Read(ContainerRecord record, InstalledFile file)
    {
        try
        {
            return RegularFile.ReadText(host.Deployment(record.Name, record.Deployment).KeptFile(file.Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private IEnumerable<string> OfUnit(string text)
    {
        UnitText unit = UnitText.Parse(text);
        return from place in host.User is null ? s_ofUnits : s_ofUsersUnits
               from name in unit.Words("Service", place.Setting)
               where !name.Contains('%', StringComparison.Ordinal)
               select Path.Join(host.User is { } user ? user.Home : "", place.Below, name.Split(':')[0]);
    }
}
