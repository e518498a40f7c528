// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Users;

/// <summary>A line of an id map: <c>Count</c> ids from <c>Inside</c> on are those from <c>Outside</c> on outside of the
/// namespace.</summary>
sealed record IdRange(uint Inside, uint Outside, uint Count);
