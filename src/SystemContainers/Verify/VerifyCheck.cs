// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Errors;
using SystemContainers.Pull.Trust;

namespace SystemContainers.Verify;

/// <summary>One check of a container or image.</summary>
/// <param name="Name">store, deployment, trust or source.</param>
/// <param name="State">What came of it.</param>
/// <param name="Text">What was found, in one line.</param>
sealed record VerifyCheck(string Name, VerifyState State, string Text)
{
    /// <summary>What is wrong, one by one.</summary>
    public IReadOnlyList<string>? Details { get; init; }

    /// <summary>Who signed, for each requirement that holds; of trust alone.</summary>
    public IReadOnlyList<ImageProof>? Proofs { get; init; }

    /// <summary>What to do.</summary>
    public string? Hint { get; init; }

    /// <summary>The exit status that it asks for.</summary>
    [JsonIgnore]
    public ErrorKind? Kind { get; init; }
}
