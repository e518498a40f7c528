// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd;

static class SystemdVersion
{
    /// <summary>The version in systemctl's first line, <c>systemd 252 (252.39-1~deb12u1)</c>; 0 where there is no
    /// systemctl to ask.</summary>
    public static int Parse(string output)
    {
        string[] words = output.Split([' ', '\n'], 3);
        return
            words is ["systemd", string version, ..] && int.TryParse(version.Split(['.', '~', '-'])[0], out int number)
            ? number
            : 0;
    }
}
