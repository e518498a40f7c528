// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Options;

/// <summary>The words of <c>--checkout</c>.</summary>
enum CheckoutWord
{
    /// <summary>The form that sysctr.toml says, else the best that the host can.</summary>
    Auto,

    /// <summary>An image of its metadata.</summary>
    Composefs,

    /// <summary>A tree on disk.</summary>
    HardLinks,
}
