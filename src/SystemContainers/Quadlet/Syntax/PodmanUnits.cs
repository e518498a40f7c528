// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>Units that podman's generator makes of files (podman-systemd.unit(5)): what sysctr leaves to podman may be
/// waited for.</summary>
static class PodmanUnits
{
    public static string NameOf(QuadletUnit file)
    {
        string section = char.ToUpperInvariant(file.Type[0]) + file.Type[1..];
        string usual = file.Type is "container" or "kube" ? file.Stem : $"{file.Stem}-{file.Type}";
        return (file.Last(section, "ServiceName") is { Text.Length: > 0 } given ? given.Text : usual) + ".service";
    }
}
