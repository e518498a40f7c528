// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Verbs.Transfer;

/// <summary>How images of the store are sent.</summary>
/// <param name="Offline">Whether the sources of the images are left alone: what the destination lacks is packed anew.</param>
/// <param name="PreserveDigests">Whether a digest that would change is a failure.</param>
sealed record PushOptions(bool Offline = false, bool PreserveDigests = false);
