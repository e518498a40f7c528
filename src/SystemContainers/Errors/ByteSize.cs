// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Errors;

/// <summary>Amounts of bytes as people read them: three digits and a decimal unit, as podman and disks have them. JSON
/// has bytes.</summary>
static class ByteSize
{
    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary><c>0 B</c>, <c>712 B</c>, <c>17.8 MB</c>, <c>126 GB</c>.</summary>
    public static string Text(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 999.5)
        {
            value /= 1000;
            unit++;
        }

        return $"{(unit == 0 || Math.Abs(value) >= 99.95 ? value.ToString("0", CultureInfo.InvariantCulture) : value.ToString("0.0", CultureInfo.InvariantCulture))} {s_units[unit]}";
    }
}
