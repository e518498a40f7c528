// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Statements;

namespace SystemContainers.Pull.Requirements;

/// <summary>A statement that has to be there about an image: of a type, by a signer.</summary>
/// <param name="PredicateType">Which type, exactly.</param>
/// <param name="Trust">Whose counts. The files that it names are read when it is asked for, not with the
/// policy.</param>
/// <param name="Text">As it stands in the file.</param>
/// <param name="Files">What <paramref name="Trust"/> reads.</param>
sealed record StatementRequirement(
    string PredicateType,
    Func<BundleTrust> Trust,
    string Text,
    IReadOnlyList<string> Files
);
