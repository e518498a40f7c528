// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet;

/// <summary>How podman reads the values of a key.</summary>
enum KeyForm
{
    /// <summary>The last value counts, without quotation marks around it; an empty one is none.</summary>
    One,

    /// <summary>Yes or no; the last value counts.</summary>
    Switch,

    /// <summary>Each value as it is; an empty one forgets those before.</summary>
    Each,

    /// <summary>The words of each value, quotes taken away.</summary>
    Words,

    /// <summary>The words of each value, quotes and escapes taken away.</summary>
    Arguments,

    /// <summary>The words of the last value, quotes and escapes taken away.</summary>
    Command,
}
