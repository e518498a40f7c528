// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Store.Records;

/// <summary>How an object compares with the name that it has.</summary>
enum ObjectState
{
    /// <summary>It is what its name says.</summary>
    Whole,

    /// <summary>There is none of that name.</summary>
    Missing,

    /// <summary>Owner, mode, time or attributes are others; the content is right, as far as it was looked at.</summary>
    Changed,

    /// <summary>The content is another, or can't be read.</summary>
    Altered,
}
