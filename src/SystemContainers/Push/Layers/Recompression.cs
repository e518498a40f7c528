// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Push.Layers;

/// <summary>That layers are compressed anew on their way.</summary>
/// <param name="Format">How; layers that are so already stay what they are.</param>
/// <param name="Spool">Where they are put until they are sent, as files without a name.</param>
sealed record Recompression(LayerFormat Format, string Spool);
