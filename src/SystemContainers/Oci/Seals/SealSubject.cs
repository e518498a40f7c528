// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Oci.Seals;

/// <summary>What a <see cref="SealClaim"/> is about.</summary>
enum SealSubject
{
    /// <summary>The image of metadata, version 1, of all layers merged.</summary>
    Tree,

    /// <summary>The bytes of the configuration.</summary>
    Configuration,

    /// <summary>An image of metadata of a version that is not said: where it is not ours, nothing follows.</summary>
    Labelled,
}
