// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cdi;

/// <summary>A file that describes devices of one kind.</summary>
/// <param name="Kind"><c>VENDOR/CLASS</c>.</param>
/// <param name="Edits">What goes with each of its devices.</param>
/// <param name="Devices">By name.</param>
sealed record CdiSpec(string File, string Kind, CdiEdits Edits, IReadOnlyDictionary<string, CdiEdits> Devices);
