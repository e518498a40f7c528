// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Fleet;

/// <summary>
/// By what a host is known to others: its machine ID, hashed for this use, for machine-id(5) asks to keep the ID itself
/// from the network. The same as <c>systemd-id128 machine-id --app-specific=</c><see cref="Application"/>.
/// </summary>
static class MachineId
{
    /// <summary>The application ID that stands for sysctr's roll-outs.</summary>
    public const string Application = "d3b25a1c6f0e4c0f9a7f4f6d0c5b7e21";

    /// <summary>The ID of the host below a directory; 32 hex digits.</summary>
    /// <exception cref="SysctrException">Host: it has none yet.</exception>
    public static string Read(string root)
    {
        const string file = "/etc/machine-id";
        string id = BoundedFile.ReadText(root, file, 4096)?.Trim() ?? "";
        return id.Length == 32 && id.All(char.IsAsciiHexDigit)
            ? Hash(id)
            : throw new SysctrException(
                ErrorKind.Host,
                $"reading {file}: it has no machine ID",
                "call systemd-machine-id-setup(1)"
            );
    }

    /// <summary>sd_id128_get_machine_app_specific(3): HMAC-SHA256, cut to a version 4 UUID.</summary>
    internal static string Hash(string machineId)
    {
        byte[] hash = HMACSHA256.HashData(Convert.FromHexString(machineId), Convert.FromHexString(Application))[..16];
        hash[6] = (byte)((hash[6] & 0x0F) | 0x40);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return Convert.ToHexStringLower(hash);
    }
}
