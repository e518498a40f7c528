// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary><c>fulcio</c> of sigstoreSigned.</summary>
/// <param name="Authority">The CA's certificates, PEM.</param>
/// <param name="OidcIssuer">Where the signer logged in, exactly.</param>
/// <param name="SubjectEmail">As whom, exactly.</param>
sealed record FulcioSource(KeySource Authority, string OidcIssuer, string SubjectEmail);
