// SPDX-License-Identifier: Apache-2.0

using Org.BouncyCastle.Bcpg.OpenPgp;

namespace SystemContainers.Pull.OpenPgp;

/// <summary>A key of a keyring, primary or not, and whether it may sign.</summary>
/// <param name="Signer">The fingerprint of its primary key, in capitals as gpg shows it.</param>
/// <param name="Expires">When it ends; null for never.</param>
/// <param name="Fault">Why nothing that it signs counts: revoked, not for signing; null where it may.</param>
sealed record SigningKey(PgpPublicKey Key, string Signer, DateTime? Expires, string? Fault);
