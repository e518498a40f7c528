// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cdi;

namespace SystemContainers.Settings;

/// <summary>A value of <c>--device</c> (podman-run(1)).</summary>
/// <param name="Source">Absolute path of the host, below /dev: a node, or one of the directories whose nodes are of one
/// kind.</param>
/// <param name="Destination">Absolute in the container.</param>
/// <param name="Access">Of <c>rwm</c>: to read, to write, to make the node.</param>
sealed record DeviceSetting(string Source, string Destination, string Access)
{
    private const string All = "rwm";

    /// <summary>Directories and what systemd calls all devices in them (systemd.resource-control(5), DeviceAllow=;
    /// names of /proc/devices).</summary>
    private static readonly Dictionary<string, string> s_groups = new(StringComparer.Ordinal)
    {
        ["/dev/dri"] = "char-drm",
        ["/dev/snd"] = "char-alsa",
        ["/dev/input"] = "char-input",
        ["/dev/bus/usb"] = "char-usb_device",
    };

    /// <summary>As DeviceAllow= names it.</summary>
    public string Specifier => s_groups.GetValueOrDefault(Source, Source);

    /// <summary>Reads <c>SOURCE[:DESTINATION][:ACCESS]</c>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static DeviceSetting Parse(string text) =>
        text.Split(':') switch
        {
            [var source] => new(Node(source), Node(source), All),
            [var source, ['/', ..] destination] => new(Node(source), VolumeSetting.Absolute(destination), All),
            [var source, var access] => new(Node(source), Node(source), Checked(access)),
            [var source, var destination, var access] => new(
                Node(source),
                VolumeSetting.Absolute(destination),
                Checked(access)
            ),
            _ => throw new FormatException("it is not SOURCE[:DESTINATION][:rwm]"),
        };

    /// <summary>Reads a value of <c>--device-cgroup-rule</c>: <c>c 189:* rwm</c>, as the kernel's
    /// Documentation/admin-guide/cgroup-v1/devices.rst has it.</summary>
    /// <returns>Type (a, b or c), numbers (null for every one) and access.</returns>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static (string Type, long? Major, long? Minor, string Access) ParseRule(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            is [("a" or "b" or "c") and var type, var numbers, var access]
        && numbers.Split(':') is [var major, var minor]
            ? (type, Number(major), Number(minor), Checked(access))
            : throw new FormatException("it is TYPE MAJOR:MINOR ACCESS, such as 'c 189:* rwm'");

    private static long? Number(string text) => text == "*" ? null : Quantity.Whole(text, 0, uint.MaxValue);

    /// <summary>As <see cref="VolumeSetting.Key"/>; a device by its name (<see cref="CdiName"/>) is that.</summary>
    public static string Key(string text) =>
        CdiName.IsName(text) ? text : VolumeSetting.KeyOf(text, t => Parse(t).Destination);

    /// <summary>Looks at a value that names a path or a device of <see cref="CdiName"/>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static string Check(string text) =>
        CdiName.IsName(text) ? CdiName.Parse(text).ToString() : Parse(text).Source;

    private static string Node(string path) =>
        VolumeSetting.Absolute(path) is var node && node.StartsWith("/dev/", StringComparison.Ordinal)
            ? node
            : throw new FormatException($"'{path}' is not below /dev");

    private static string Checked(string access) =>
        access.Length is > 0 and <= 3 && access.All(All.Contains) && access.Distinct().Count() == access.Length
            ? access
            : throw new FormatException($"'{access}' is no access; it is of r, w and m");
}
