// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Text.RegularExpressions;
using SystemContainers.Prepared;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Rights.Assessment;

/// <summary>What the image's files mean to the host, by their places, modes and, for units of others,
/// content.</summary>
static partial class HostFileRights
{
    private const int OthersMayWrite = 0b010_010;
    private const int SetIds = 0b110_000_000_000;
    private const int CapabilityVersionMask = unchecked((int)0xff000000);

    // NET_BIND_SERVICE, NET_BROADCAST, NET_RAW, IPC_LOCK, SYS_NICE, WAKE_ALARM, BLOCK_SUSPEND (capabilities(7)): none
    // leads to root.
    private const ulong HarmlessCapabilities = 1 << 10 | 1 << 11 | 1 << 13 | 1 << 14 | 1 << 23 | 1UL << 35 | 1UL << 36;

    // Relations that order a unit and start nothing that is not there already.
    private static readonly string[] s_ordering = ["After", "Before", "Description", "Documentation"];

    // Of the others, such as a mount, more than commands would have to be judged.
    private static readonly string[] s_ownKinds = [".service", ".socket", ".timer", ".path", ".target"];

    private static readonly string[] s_unitDirectories =
    [
        "/usr/lib/systemd/system",
        "/usr/local/lib/systemd/system",
        "/run/systemd/system",
        "/etc/systemd/system",
    ];

    /// <summary>The rights, in no order.</summary>
    public static IEnumerable<Right> Of(RightsSubject subject) =>
        subject
            .HostFiles.SelectMany(f => OfFile(subject, f))
            .Concat(
                subject
                    .HostDirectories.Where(d => d.Uid != 0 || (d.Mode & OthersMayWrite) != 0)
                    .SelectMany(d => OfGivenAway(subject, d.Path))
            );

    /// <summary>A directory that is made for somebody else than root, where it says what root does.</summary>
    private static IEnumerable<Right> OfGivenAway(RightsSubject subject, string directory) =>
        subject
            .PlacesOf(directory)
            .Where(p => HostPlaces.IsDangerous(p, subject.Home))
            .SelectMany(p => OfPath(subject, p));

    public static IEnumerable<Right> OfFile(RightsSubject subject, RightsFile file)
    {
        if (file.LinkTarget is null && ((file.Mode & SetIds) != 0 || file.Capability is not null))
        {
            bool harmless =
                (file.Mode & SetIds) == 0 && (CapabilitiesOf(file.Capability!) & ~HarmlessCapabilities) == 0;
            yield return new Right(harmless ? "file-capability" : "setuid", file.Path);
        }

        foreach (string name in subject.PlacesOf(file.Path))
        {
            Match unit = UnitPlace().Match(name);
            foreach (Right right in unit.Success ? OfUnitFile(subject, file, name, unit) : OfPath(subject, name))
            {
                yield return right;
            }
        }
    }

    /// <summary>The right to have a file at a path, whatever is in it; none where it is the container's own
    /// place.</summary>
    /// <param name="subject">The container.</param>
    /// <param name="path">Normalized.</param>
    public static IEnumerable<Right> OfPath(RightsSubject subject, string path)
    {
        string? place = HostPlaces.ClassOf(path, subject.Home);
        if (place == "program")
        {
            string name = Path.GetFileName(path);
            string[] others =
            [
                .. ((string[])["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"]).Where(d =>
                    $"{d}/{name}" != path
                ),
            ];
            return [new Right(others.Any(d => subject.IsThere($"{d}/{name}")) ? "program-shadow" : place, path)];
        }

        return place is not null ? [new Right(place, path)]
            : subject.IsOwn(path) || path == $"/run/container-{subject.Name}.pid" ? []
            : [new Right(HostPath.IsBelow(path, "/etc") ? "config" : "file", Shared(path))];
    }

    /// <summary>
    /// A directory of somebody stands for the files in it: an image that has one there has the place, and one more is
    /// no news.
    /// </summary>
    private static string Shared(string path)
    {
        string[] parts = HostPath.Parts(path);
        int depth = parts switch
        {
            ["usr", "local", _, ..] => 4,
            ["usr" or "var", _, ..] => 3,
            ["home", ..] => 3,
            _ => 2,
        };
        return parts.Length <= depth ? path : "/" + string.Join('/', parts[..depth]) + "/";
    }

    /// <summary>A unit, a drop-in or a link among systemd's units.</summary>
    private static IEnumerable<Right> OfUnitFile(RightsSubject subject, RightsFile file, string path, Match place)
    {
        string unit = place.Groups["unit"].Value;
        string directory = place.Groups["directory"].Value;
        if (file.LinkTarget is not null || directory is "wants" or "requires" or "upholds")
        {
            return [new Right("unit", path)];
        }

        bool own =
            directory == "d"
                ? subject.Units.Any(u => u.FileName == unit)
                : UnitRights.IsNamedAfter(subject, unit)
                    && s_ownKinds.Contains(Path.GetExtension(unit), StringComparer.Ordinal)
                    && !InstallSections.IsSpecial(unit)
                    && !s_unitDirectories.Any(d => subject.IsThere($"{d}/{unit}"));
        if (own)
        {
            return UnitRights
                .OfUnit(subject, unit, file.Read())
                .Select(r => r with { Detail = subject.Masked(r.Detail) });
        }

        return directory != "d"
            ? [new Right("unit", path)]
            : [new Right(OnlyOrders(unit, file.Read()) ? "drop-in-order" : "drop-in", path)];
    }

    /// <summary>
    /// Whether a drop-in says no more than when the unit starts; a container engine's may name a file of environment
    /// variables, which is how published images give it the network's options.
    /// </summary>
    private static bool OnlyOrders(string unit, string text) =>
        UnitText
            .Parse(text)
            .Keys.All(k =>
                (k.Section == "Unit" && s_ordering.Contains(k.Key, StringComparer.Ordinal))
                || (
                    k is { Section: "Service", Key: "EnvironmentFile" }
                    && UnitRights.Engines.Contains(unit, StringComparer.Ordinal)
                )
            );

    /// <summary>The permitted and inheritable sets of a security.capability (include/uapi/linux/capability.h,
    /// vfs_cap_data).</summary>
    private static ulong CapabilitiesOf(byte[] value)
    {
        if (value.Length < 12 || (BinaryPrimitives.ReadInt32LittleEndian(value) & CapabilityVersionMask) == 0)
        {
            return ulong.MaxValue;
        }

        ulong set = 0;
        for (int at = 4, shift = 0; at + 8 <= value.Length && shift < 64; at += 8, shift += 32)
        {
            set |=
                (ulong)(
                    BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(at))
                    | BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(at + 4))
                ) << shift;
        }

        return set;
    }

    [GeneratedRegex(
        @"/systemd/(?:system|user)(?:\.control|\.attached)?/(?<unit>[^/]+?)(?:\.(?<directory>d|wants|requires|upholds)/[^/]+)?\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex UnitPlace();
}
