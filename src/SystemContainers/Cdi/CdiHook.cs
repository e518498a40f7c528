// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cdi;

/// <summary>A program that the runtime calls (SPEC.md, "OCI Edits", <c>hooks</c>; OCI runtime-spec, config.md, "POSIX
/// platform hooks").</summary>
/// <param name="Stage">Such as <c>createContainer</c>.</param>
/// <param name="Path">Absolute.</param>
/// <param name="Args">With the program's name; empty for none.</param>
/// <param name="Env"><c>NAME=VALUE</c>; empty for none.</param>
/// <param name="Timeout">Seconds; null for no end.</param>
sealed record CdiHook(string Stage, string Path, IReadOnlyList<string> Args, IReadOnlyList<string> Env, long? Timeout);
