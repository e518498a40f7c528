// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Requests;

/// <summary>When a registry is asked for an image.</summary>
enum PullPolicy
{
    /// <summary>Only for an image that the store does not hold yet.</summary>
    Missing,

    /// <summary>Every time; layers that the store holds are not fetched again.</summary>
    Always,

    /// <summary>Not at all: the store has it, or it fails.</summary>
    Never,
}
