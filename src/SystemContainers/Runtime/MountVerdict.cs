// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Runtime;

/// <summary>What <see cref="MountGuard"/> says of a configuration that it does not refuse.</summary>
/// <param name="Changed">Mounts were added or altered.</param>
/// <param name="EveryStart">A source may lead elsewhere the next time, so the check has to be made at each
/// start.</param>
sealed record MountVerdict(bool Changed, bool EveryStart);
