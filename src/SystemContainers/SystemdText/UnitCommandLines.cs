// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>The command lines of a unit as text for it; empty where there is none. They become EXEC_START and its
/// siblings.</summary>
sealed record UnitCommandLines(string Start, string Stop = "", string StartPre = "", string StopPost = "");
