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

    /// <summary>The image of an install, with those that it mounts.</summary>
    /// <exception cref="Errors.SysctrException">Usage: a setting is none.</exception>
    public WantedImage(RegistriesConfig registries, InstallRequest request)
        : this(registries, request.Image, request.Pull)
    {
        Mounted = request
            .Settings.MountedImages()
            .ToDictionary(
                name => name,
                name => new WantedImage(registries, name, request.MountPulls.GetValueOrDefault(name, request.Pull)),
                StringComparer.Ordinal
            );
    }

    /// <summary>Other images that its container mounts, by the names that its mounts have for them.</summary>
    public IReadOnlyDictionary<string, WantedImage> Mounted { get; init; } = new Dictionary<string, WantedImage>();

    /// <summary>This one and those that are mounted.</summary>
    public IEnumerable<WantedImage> All => Mounted.Values.Prepend(this);

    /// <summary>Fetches it, and then those that its container mounts.</summary>
    /// <param name="fetch">Fetches one alone.</param>
    public async Task<StoredImage> FetchAllAsync(Func<WantedImage, Task<StoredImage>> fetch)
    {
        StoredImage image = await fetch(this);
        Dictionary<string, StoredImage> mounted = new(StringComparer.Ordinal);
        foreach ((string name, WantedImage other) in Mounted)
        {
            mounted.Add(name, await fetch(other));
        }

        return mounted.Count == 0 ? image : image with { Mounted = mounted };
    }

    /// <summary>The name as it was typed.</summary>
    public string Typed => typed;

    /// <summary>When its source is asked.</summary>
    public PullPolicy Policy => policy;

    /// <summary>Full references, in the order in which they are tried; one at least.</summary>
    /// <exception cref="Errors.SysctrException">Usage: it is no reference.</exception>
    public IReadOnlyList<ImageReference> Candidates => _candidates ??= registries.Resolve(typed);

    /// <summary>Whether it is asked for in the same words.</summary>
    public bool IsSameAs(WantedImage other) =>
        typed == other.Typed
        && policy == other.Policy
        && Mounted.Count == other.Mounted.Count
        && Mounted.All(m => other.Mounted.TryGetValue(m.Key, out WantedImage? same) && m.Value.IsSameAs(same));

    /// <summary>The name of a container of it: the one asked for, or the last part of the image's.</summary>
    /// <exception cref="Errors.SysctrException">Usage: it is no name for a container.</exception>
    public string NameFor(InstallRequest request) => request.NameFor(() => Candidates);
}
