// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Reference;
using SystemContainers.Requests;

namespace SystemContainers.Images;

/// <summary>An image that somebody asked for. What its name may mean here is looked up once, when it is
/// needed.</summary>
/// <param name="registries">Say what a name means.</param>
/// <param name="typed">The name as it was typed.</param>
/// <param name="policy">When its source is asked.</param>
sealed class WantedImage(RegistriesConfig registries, string typed, PullPolicy policy)
{
    private IReadOnlyList<ImageReference>? _candidates;

    /// <summary>The image of an install.</summary>
    public WantedImage(RegistriesConfig registries, InstallRequest request)
        : this(registries, request.Image, request.Pull) { }

    /// <summary>The name as it was typed.</summary>
    public string Typed => typed;

    /// <summary>When its source is asked.</summary>
    public PullPolicy Policy => policy;

    /// <summary>Full references, in the order in which they are tried; one at least.</summary>
    /// <exception cref="Errors.SysctrException">Usage: it is no reference.</exception>
    public IReadOnlyList<ImageReference> Candidates => _candidates ??= registries.Resolve(typed);

    /// <summary>Whether it is asked for in the same words.</summary>
    public bool IsSameAs(WantedImage other) => typed == other.Typed && policy == other.Policy;

    /// <summary>The name of a container of it: the one asked for, or the last part of the image's.</summary>
    /// <exception cref="Errors.SysctrException">Usage: it is no name for a container.</exception>
    public string NameFor(InstallRequest request) => request.NameFor(() => Candidates);
}
