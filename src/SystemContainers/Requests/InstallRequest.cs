// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Exports;
using SystemContainers.Reference;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.SystemdText;

namespace SystemContainers.Requests;

/// <summary>One image to install, and what the user said about it.</summary>
/// <param name="Image">The reference as it was typed.</param>
sealed record InstallRequest(string Image)
{
    /// <summary>The container's name, null for the last part of the image's.</summary>
    public string? Name { get; init; }

    /// <summary>Template variables that the user set.</summary>
    public IReadOnlyDictionary<string, string> Set { get; init; } = new Dictionary<string, string>();

    /// <summary>What the user set by options of podman-run(1).</summary>
    public ContainerSettings Settings { get; init; } = ContainerSettings.None;

    /// <summary>What holds besides, for an image that sysctr writes the config.json of; <see cref="Settings"/> counts
    /// more.</summary>
    public ContainerSettings Usual { get; init; } = ContainerSettings.None;

    /// <summary>The file that declares it; null where a command line does.</summary>
    public Declaration? Declared { get; init; }

    /// <summary>Variables of <see cref="Set"/> that the image does not know are left out with a note, instead of
    /// refused.</summary>
    public bool LeaveOutUnknown { get; init; }

    /// <summary>Name or path of the OCI runtime, null for the configured one.</summary>
    public string? Runtime { get; init; }

    /// <summary>When to ask the registry.</summary>
    public PullPolicy Pull { get; init; }

    /// <summary>The same for images that it mounts, by the names that its mounts have for them; those that are not here
    /// have <see cref="Pull"/>.</summary>
    public IReadOnlyDictionary<string, PullPolicy> MountPulls { get; init; } = new Dictionary<string, PullPolicy>();

    /// <summary>The root file system to run on instead of a checkout, as it was typed; null for a checkout.</summary>
    public string? Rootfs { get; init; }

    /// <summary>The form of its checkout; null for the host's.</summary>
    public CheckoutForm? Checkout { get; init; }

    /// <summary>The form was asked for earlier and is carried over: where it can't be, the container has the other
    /// one.</summary>
    public bool IsCheckoutKept { get; init; }

    /// <summary>The deployment that it follows is mounted by its starts, and so is this one where nobody asks for
    /// another form: what updates it may not be allowed to try.</summary>
    public bool FollowsMounted { get; init; }

    /// <summary>It runs once, on a root of its own if it wants to write there.</summary>
    public bool Once { get; init; }

    /// <summary>Networks by name that the same call makes before the container starts.</summary>
    public IReadOnlyList<string> NewNetworks { get; init; } = [];

    /// <summary>Leave out the files that the image has for the host.</summary>
    public bool WithoutHostFiles { get; init; }

    /// <summary>Whether it is updated when nobody asks.</summary>
    public AutoUpdatePolicy AutoUpdate { get; init; }

    /// <summary>Classes of rights that the user grants; <c>all</c> for those that the image has.</summary>
    public IReadOnlyList<string> Grants { get; init; } = [];

    /// <summary>The container's name: the one asked for, or the last part of the image's.</summary>
    /// <param name="candidates">What the image's name may mean, which is looked up once a call.</param>
    /// <exception cref="Errors.SysctrException">Usage: it is no name for a container.</exception>
    internal string NameFor(Func<IReadOnlyList<ImageReference>> candidates) =>
        ContainerName.Check(ContainerName.OfUnit(Name ?? candidates()[0].ShortName));
}
