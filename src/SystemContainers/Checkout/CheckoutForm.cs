// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Checkout;

/// <summary>How a deployment has its tree.</summary>
enum CheckoutForm
{
    /// <summary>On disk, its files hard links to the store's objects.</summary>
    [JsonStringEnumMemberName("hardlinks")]
    HardLinks,

    /// <summary>In an image of its metadata, which each start mounts over the store's objects.</summary>
    [JsonStringEnumMemberName("composefs")]
    Composefs,
}
