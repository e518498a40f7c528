// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Statements;

/// <summary>How one bundle was judged. One of the two is set.</summary>
/// <param name="Statement">What is stated, where it counts: about this digest, by whom it had to be.</param>
/// <param name="Reason">Why it does not count.</param>
/// <param name="Signer">Who states it, where it counts.</param>
sealed record BundleVerdict(InTotoStatement? Statement, string? Reason, string? Signer = null);
