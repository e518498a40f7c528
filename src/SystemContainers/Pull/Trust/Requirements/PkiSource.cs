// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary><c>pki</c> of sigstoreSigned. At least one of the subjects is set.</summary>
/// <param name="Roots">Certificates, PEM.</param>
/// <param name="Intermediates">More of them; null where there are none.</param>
/// <param name="SubjectEmail">Which the certificate has to have; null for any.</param>
/// <param name="SubjectHostname">Which the certificate has to have; null for any.</param>
sealed record PkiSource(KeySource Roots, KeySource? Intermediates, string? SubjectEmail, string? SubjectHostname);
