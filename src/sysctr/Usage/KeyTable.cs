// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Settings;

namespace SystemContainers.Cli.Usage;

/// <summary>The keys of a .container file for the manual: what becomes of each.</summary>
static class KeyTable
{
    /// <summary>Key and text, in the order of the alphabet; those that are sysctr's own last.</summary>
    public static IEnumerable<(string Key, string Text)> Rows =>
        ContainerKeys
            .OfContainer.Values.Select(k => (k.Name, Text(k)))
            .Concat(ContainerKeys.OfSysctr.Values.Select(k => ($"[{ContainerKeys.Ours}] {k.Name}", Text(k))));

    private static string Text(QuadletKey key)
    {
        bool isOption =
            key.Option is not null
            && (key.Option == ContainerSettings.Command || SettingOptions.Find(key.Option) is not null);
        string text =
            key.Refused is not null && !isOption ? $"Refused: {key.Refused}."
            : key.Idle is not null ? $"Taken, and does nothing: {key.Idle}."
            : key.Option is null ? key.Remark
            : key.Option == ContainerSettings.Command ? "The words behind -- of install. " + key.Remark
            : isOption ? $"--{key.Option}. {key.Remark}"
            : $"Refused: not supported yet. {key.Remark}";
        return text.Trim();
    }
}
