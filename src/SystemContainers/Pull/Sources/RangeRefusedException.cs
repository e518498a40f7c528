// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Sources;

/// <summary>A registry serves no pieces of a blob, or others than it is asked for: then the blob has to be fetched
/// whole.</summary>
sealed class RangeRefusedException(string message, Exception? inner = null) : Exception(message, inner);
