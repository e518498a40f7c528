// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust;

/// <summary>What an image had to prove, and who proved it.</summary>
/// <param name="Requirement">signedBy or sigstoreSigned; the type of a statement, where one was required.</param>
/// <param name="Rule">Of which scope the rule is, as <see cref="PolicyRule.Name"/> has it.</param>
/// <param name="File">Where the rule stands.</param>
/// <param name="Signer">Whose signature it is: a key by its fingerprint and file, or the identity that a certificate
/// names.</param>
sealed record ImageProof(string Requirement, string Rule, string File, string Signer);
