// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.OpenPgp;

/// <summary>A compressed packet holds more than it may.</summary>
sealed class UnpackedTooLargeException() : IOException("it unpacks to more than it may");
