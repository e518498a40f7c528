// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Signatures;

/// <summary>A simple signature (containers-signature(5)).</summary>
/// <param name="Where">As of <see cref="ImageSignature"/>.</param>
/// <param name="Message">The OpenPGP message, with what is signed in it.</param>
sealed record SimpleSignature(string Where, byte[] Message) : ImageSignature(Where);
