// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Settings;

namespace SystemContainers.Render.Spec;

/// <summary>
/// Whether an image's program counts on capabilities of its file (setcap(8)) that its payload will not have: it then
/// fails with a permission that is denied, and nothing that it says names the reason. Images whose user is not root
/// have such programs to listen at low ports, to lock memory or to send raw packets.
/// </summary>
static class FileCapabilities
{
    /// <summary>What lacks, and the option that gives it; null where nothing lacks.</summary>
    /// <param name="request">An image without a configuration of its own.</param>
    /// <param name="bounding">What a payload may have at most.</param>
    public static string? Warning(RenderRequest request, IReadOnlyList<string> bounding)
    {
        SpecSettings settings = request.Settings.Spec;
        ImageRunConfig run = request.Image.Run ?? new ImageRunConfig();
        if (
            ((string[])[.. run.Entrypoint ?? [], .. run.Cmd ?? []]) is not [{ } word, ..]
            || ImageProgram.Find(request.Files, word, run.Env) is not { } program
            || program.Xattrs.FirstOrDefault(x => x.Name.AsSpan().SequenceEqual("security.capability"u8))
                is not { } attribute
        )
        {
            return null;
        }

        // What its file gives beyond what it has is lost where no payload gains privileges, and keeps it from starting
        // where it may never have it (execve(2), EPERM).
        bool gains = settings.Security.NewPrivileges ?? settings.Privileged;
        string[] has =
            gains || ImageUser.Find(run.User, request.Files).Uid == 0
                ? [.. bounding]
                : [.. settings.CapAdd.Intersect(bounding, StringComparer.Ordinal)];
        string[] lacking = [.. Capabilities.FromMask(Permitted(attribute)).Except(has, StringComparer.Ordinal)];
        return lacking.Length == 0
            ? null
            : $"{program.Path} has {string.Join(", ", lacking)} by its file (setcap), which {(gains ? "its payload may not have" : "gives no payload anything")}: "
                + $"{string.Join(' ', lacking.Select(c => "--cap-add " + c["CAP_".Length..]))} gives it from the start";
    }

    /// <summary>The permitted set (include/uapi/linux/capability.h, vfs_cap_data): 32 bits in its first version, 64
    /// since.</summary>
    private static ulong Permitted(FileXattr attribute)
    {
        ReadOnlySpan<byte> value = attribute.Value;
        return value.Length < 12
            ? 0
            : BinaryPrimitives.ReadUInt32LittleEndian(value[4..])
                | (value.Length < 20 ? 0 : (ulong)BinaryPrimitives.ReadUInt32LittleEndian(value[12..]) << 32);
    }
}
