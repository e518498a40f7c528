// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Verity;

/// <summary>What hashes the blocks of a file with fs-verity, by the kernel's numbers (FS_VERITY_HASH_ALG_*,
/// linux/fsverity.h).</summary>
enum VerityAlgorithm
{
    /// <summary>SHA-256; what the store's objects are named by.</summary>
    Sha256 = 1,

    Sha512 = 2,
}
