// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench;

/// <summary>One way to do the work.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Before">Shell script that makes the starting point; not measured.</param>
/// <param name="Measured">Shell script whose last process tree is measured.</param>
/// <param name="After">Shell script that checks and clears; not measured.</param>
/// <param name="IsCold">Whether nothing is cached from disk when it begins.</param>
sealed record Contestant(string Name, string Before, string Measured, string After = "true", bool IsCold = true);
