// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>A backslash stands before what makes no escape.</summary>
sealed class UnknownEscapeException(string message) : FormatException(message);
