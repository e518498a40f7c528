// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Push.Layers;

namespace SystemContainers.Verbs.Transfer;

/// <summary>How images of the store are sent.</summary>
/// <param name="Offline">Whether the sources of the images are left alone: what the destination lacks is packed
/// anew.</param>
/// <param name="PreserveDigests">Whether a digest that would change is a failure.</param>
/// <param name="Format">How layers are compressed anew; null where they stay what they are, and gzip where they are
/// packed anew.</param>
sealed record PushOptions(bool Offline = false, bool PreserveDigests = false, LayerFormat? Format = null);
