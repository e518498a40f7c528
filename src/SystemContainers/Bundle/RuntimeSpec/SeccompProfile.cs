// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bundle.RuntimeSpec;

/// <summary>
/// A seccomp profile as containers/common and Docker ship it (seccomp.json(5)): the runtime-spec's section, with
/// conditions on the processor, the capabilities and the kernel of the container that it is for.
/// </summary>
sealed record SeccompProfile
{
    public required string DefaultAction { get; init; }

    public uint? DefaultErrnoRet { get; init; }

    public IReadOnlyList<string>? Architectures { get; init; }

    public IReadOnlyList<string>? Flags { get; init; }

    public IReadOnlyList<ProfileArchitecture>? ArchMap { get; init; }

    public IReadOnlyList<ProfileRule>? Syscalls { get; init; }
}

/// <summary>A processor and those whose programs it runs too, as SCMP_ARCH_ names.</summary>
sealed record ProfileArchitecture(string Architecture, IReadOnlyList<string>? SubArchitectures);

/// <summary>One rule and when it holds.</summary>
sealed record ProfileRule
{
    public string? Name { get; init; }

    public IReadOnlyList<string>? Names { get; init; }

    public required string Action { get; init; }

    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<SeccompArgument>? Args { get; init; }

    public ProfileCondition? Includes { get; init; }

    public ProfileCondition? Excludes { get; init; }
}

/// <summary>Includes: all that is named has to hold. Excludes: nothing of it may.</summary>
/// <param name="Arches">Processors in Go's names; any of them.</param>
/// <param name="Caps">Capabilities of the container; for includes all of them, for excludes any.</param>
/// <param name="MinKernel">Kernel version, <c>4.8</c>, from which on it holds.</param>
sealed record ProfileCondition(IReadOnlyList<string>? Arches, IReadOnlyList<string>? Caps, string? MinKernel);
