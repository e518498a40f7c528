// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Settings;
using SystemContainers.State;

namespace SystemContainers.Requests;

/// <summary>What an update shall change; whatever is not said stays as it is.</summary>
sealed record UpdateRequest
{
    /// <summary>Another image to go on with, as it was typed; null for the same one.</summary>
    public string? Rebase { get; init; }

    /// <summary>Template variables to set anew; those of the install are kept. An empty text empties one.</summary>
    public IReadOnlyDictionary<string, string> Set { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of podman-run(1) to set anew or in addition; those of the install are kept.</summary>
    public ContainerSettings Settings { get; init; } = ContainerSettings.None;

    /// <summary>Options whose earlier values are forgotten before, by name.</summary>
    public IReadOnlyList<string> Reset { get; init; } = [];

    /// <summary>Variables of <see cref="Set"/> that the image does not know are left out with a note, instead of
    /// refused.</summary>
    public bool LeaveOutUnknown { get; init; }

    /// <summary>Name or path of another OCI runtime.</summary>
    public string? Runtime { get; init; }

    /// <summary>Another form of checkout; null: as before.</summary>
    public CheckoutForm? Checkout { get; init; }

    /// <summary>Forget which form was asked for earlier: it is the host's again.</summary>
    public bool ForgetsCheckout { get; init; }

    /// <summary>When to ask the registry; null: always, but only when it is missing for an image to rebase
    /// on.</summary>
    public PullPolicy? Pull { get; init; }

    /// <summary>Whether it is updated when nobody asks from now on; null: as before.</summary>
    public AutoUpdatePolicy? AutoUpdate { get; init; }

    /// <summary>Further classes of rights that the user grants; <c>all</c> for those that the image has then.</summary>
    public IReadOnlyList<string> Grants { get; init; } = [];

    /// <summary>When what was started counts as well.</summary>
    public StartPolicy Start { get; init; } = StartPolicy.Default;

    /// <summary>All containers change in one transaction, or none.</summary>
    public bool Together { get; init; }

    /// <summary>The semaphore that the roll-out goes by, or <c>none</c>; null: what sysctr.toml says.</summary>
    public string? Lock { get; init; }
}
