// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Verbs.Apply;

namespace SystemContainers.Inspect.Plan;

/// <summary>What applying files would do, as far as files and records tell; the object that
/// <c>apply --plan --offline --json</c> prints.</summary>
/// <param name="Containers">Those that are declared, in the order of the files, then those that go.</param>
/// <param name="Networks">The same of networks.</param>
sealed record OfflinePlan(IReadOnlyList<ApplyReport> Containers, IReadOnlyList<PlannedNetwork> Networks);
