// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Push;

/// <summary>What stands where an image is to be written.</summary>
enum PlaceState
{
    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>A directory that is empty, or has what a copy that did not end has left.</summary>
    Unfinished,

    /// <summary>What such a place has when it is whole.</summary>
    Whole,

    /// <summary>Anything else: not ours to touch.</summary>
    Other,
}
