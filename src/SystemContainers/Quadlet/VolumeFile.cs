// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;

namespace SystemContainers.Quadlet;

/// <summary>A .volume file: the name of a volume, which is made with the first container that mounts it and begins with
/// what the image has there.</summary>
static class VolumeFile
{
    public const string Section = "Volume";

    /// <summary>Keys that are taken.</summary>
    public static IReadOnlyCollection<string> Known { get; } = ["VolumeName", "Driver", "Copy", "Label", "ServiceName"];

    private static readonly string[] s_lists = ["Label"];

    /// <summary>Keys that can't be had.</summary>
    public static IReadOnlyDictionary<string, string> Refused { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Device"] =
                "a volume is a directory of sysctr's: mount the device by a .mount unit, and name the directory with Volume=/DIR:...",
            ["GID"] = "a volume has the owner that the image's directory has",
            ["Group"] = "a volume has the owner that the image's directory has",
            ["Image"] = "a volume is a directory of sysctr's",
            ["Options"] =
                "a volume is a directory of sysctr's: mount what it shall be by a .mount unit, and name the directory with Volume=/DIR:...",
            ["Type"] =
                "a volume is a directory of sysctr's: mount what it shall be by a .mount unit, and name the directory with Volume=/DIR:...",
            ["UID"] = "a volume has the owner that the image's directory has",
            ["User"] = "a volume has the owner that the image's directory has",
        };

    public static void Check(QuadletUnit unit, QuadletFaults faults)
    {
        SectionKeys.Check(unit, Section, Known, s_lists, Refused, faults);
        if (unit.Last(Section, "Driver") is { Text: not ("local" or "") } driver)
        {
            faults.Add(driver.Place, $"Driver={driver.Text}: a volume is a directory of sysctr's", "leave the key out");
        }

        if (unit.Last(Section, "Copy") is { Text.Length: > 0 } copy && !SectionKeys.Yes(copy, "Copy", faults))
        {
            faults.Add(
                copy.Place,
                $"Copy={copy.Text}: a volume begins with what the image has there",
                "leave the key out"
            );
        }

        foreach (string idle in (string[])["Label", "ServiceName"])
        {
            if (unit.Last(Section, idle) is { Text.Length: > 0 } value)
            {
                faults.Note(value.Place, $"{idle}=: a volume is a directory, and has neither labels nor a unit");
            }
        }
    }

    /// <summary>The volume's name as podman gives it, specifiers and all: those of who mounts it count.</summary>
    public static string NameOf(QuadletUnit unit) =>
        unit.Last(Section, "VolumeName") is { Text.Length: > 0 } name ? name.Text
        : unit.Instance is "" ? $"systemd-{unit.Prefix}-%i"
        : $"systemd-{unit.Stem.Replace('@', '-')}";
}
