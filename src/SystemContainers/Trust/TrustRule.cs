// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Trust;

/// <summary>A rule that decides about an image.</summary>
/// <param name="Scope">As the file has it: <c>default</c>, <c>quay.io/team</c>.</param>
/// <param name="Requirements">What has to hold, all of it.</param>
sealed record TrustRule(string Scope, string File, IReadOnlyList<string> Requirements);
