// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Signatures;

/// <summary>A signature of an image, as it was found. Nothing in it is to be trusted before a key says so.</summary>
/// <param name="Where">The URL, path or tag that it was found at, for messages.</param>
abstract record ImageSignature(string Where);
