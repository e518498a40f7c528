// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Sigstore;

/// <summary>How one signature was judged. One of the two is set.</summary>
/// <param name="Signed">What its signer says, where the signature counts: which image, by which name. Whether they are
/// the right ones is for the caller.</param>
/// <param name="Reason">Why it does not count.</param>
/// <param name="Signer">Who signed, where the signature counts.</param>
sealed record SigstoreVerdict(SimpleSigning? Signed, string? Reason, string? Signer = null);
