// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;

namespace SystemContainers.Bundle;

/// <summary>
/// Turns a seccomp profile, the host's own or the built-in one, into what a runtime takes: conditions decided,
/// architectures named. Names that the host's libseccomp does not know are no failure: runc and crun pass over them
/// (RealRuntimeTests).
/// </summary>
static class SeccompFilter
{
    /// <summary>The filter for a container with these capabilities; null where the kernel has no seccomp and the host
    /// no profile.</summary>
    /// <exception cref="SysctrException">Host: the profile can't be used; a container is never run with less than it
    /// says.</exception>
    public static SeccompConfig? For(HostFacts host, IReadOnlyCollection<string> capabilities)
    {
        if (host.SeccompProfile is null && !host.HasSeccomp)
        {
            return null;
        }

        SeccompProfile profile = host.SeccompProfile is null ? DefaultSeccompProfile.Value : Parse(host.SeccompProfile);
        string? native = Native(host.Architecture);
        ProfileArchitecture? map = profile.ArchMap?.FirstOrDefault(a => a.Architecture == native);
        IReadOnlyList<string> architectures =
            profile.Architectures is { Count: > 0 } listed ? listed
            : map is null ? []
            : [map.Architecture, .. map.SubArchitectures ?? []];
        List<SeccompSyscalls> rules = [];
        foreach (ProfileRule rule in profile.Syscalls ?? [])
        {
            if (Includes(rule.Includes, host, capabilities) && !Excludes(rule.Excludes, host, capabilities))
            {
                IReadOnlyList<string> names = rule.Name is null ? rule.Names ?? [] : [rule.Name];
                rules.Add(
                    new SeccompSyscalls(
                        names,
                        rule.Action,
                        rule.ErrnoRet,
                        rule.Args is { Count: > 0 } ? rule.Args : null
                    )
                );
            }
        }

        return new SeccompConfig(
            profile.DefaultAction,
            profile.DefaultErrnoRet,
            architectures,
            rules,
            profile.Flags is { Count: > 0 } flags ? flags : null
        );
    }

    /// <summary>Reads a profile.</summary>
    /// <exception cref="SysctrException">Host: it is none.</exception>
    public static SeccompProfile Parse(SeccompFile file)
    {
        try
        {
            SeccompProfile profile =
                JsonSerializer.Deserialize(file.Text, RuntimeJson.Default.SeccompProfile)
                ?? throw new JsonException("it is null");
            using JsonDocument document = JsonDocument.Parse(file.Text);
            return HasNullItem(document.RootElement) ? throw new JsonException("an item of an array is null") : profile;
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"reading the {(file.IsAsked ? "" : "host's ")}seccomp profile {file.Path}: {JsonFault.Of(e)}",
                file.IsAsked
                    ? "it is JSON as seccomp.json(5) has it"
                    : "mend or remove it; without one sysctr's own is used",
                e
            );
        }
    }

    // The serializer keeps nulls out of members, not out of lists.
    private static bool HasNullItem(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Array => element
                .EnumerateArray()
                .Any(i => i.ValueKind == JsonValueKind.Null || HasNullItem(i)),
            JsonValueKind.Object => element.EnumerateObject().Any(m => HasNullItem(m.Value)),
            _ => false,
        };

    private static bool Includes(
        ProfileCondition? condition,
        HostFacts host,
        IReadOnlyCollection<string> capabilities
    ) =>
        condition is null
        || (
            (condition.Arches is not { Count: > 0 } || condition.Arches.Contains(host.Architecture))
            && (condition.Caps is not { Count: > 0 } || condition.Caps.All(capabilities.Contains))
            && (condition.MinKernel is null || IsAtLeast(host.Kernel, condition.MinKernel))
        );

    private static bool Excludes(
        ProfileCondition? condition,
        HostFacts host,
        IReadOnlyCollection<string> capabilities
    ) =>
        condition is not null
        && (
            (condition.Arches is { Count: > 0 } && condition.Arches.Contains(host.Architecture))
            || (condition.Caps is { Count: > 0 } && condition.Caps.Any(capabilities.Contains))
            || (condition.MinKernel is not null && IsAtLeast(host.Kernel, condition.MinKernel))
        );

    private static bool IsAtLeast(Version kernel, string minimum) =>
        Version.TryParse(minimum, out Version? version)
            ? kernel >= version
            : throw new SysctrException(
                ErrorKind.Host,
                $"reading the host's seccomp profile: '{minimum}' is no kernel version"
            );

    /// <summary>libseccomp's name for a processor that Go calls <paramref name="architecture"/>.</summary>
    private static string? Native(string architecture) =>
        architecture switch
        {
            "amd64" => "SCMP_ARCH_X86_64",
            "386" => "SCMP_ARCH_X86",
            "arm64" => "SCMP_ARCH_AARCH64",
            "arm" => "SCMP_ARCH_ARM",
            "ppc64le" => "SCMP_ARCH_PPC64LE",
            "riscv64" => "SCMP_ARCH_RISCV64",
            "s390x" => "SCMP_ARCH_S390X",
            "loong64" => "SCMP_ARCH_LOONGARCH64",
            _ => null,
        };
}
