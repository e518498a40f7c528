// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Render.Request;

/// <summary>Where a template variable's value comes from, strongest first (image-contract, "Values").</summary>
enum ValueSource
{
    /// <summary>Ours alone; <c>--set</c> of it is an error.</summary>
    Forced,

    /// <summary><c>--set</c>, now or at an earlier install or update.</summary>
    Set,

    /// <summary>defaultValues of the image's manifest.</summary>
    Manifest,

    /// <summary>Ours, unless something stronger says otherwise.</summary>
    Computed,
}
