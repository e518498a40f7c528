// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Errors;

/// <summary>What is wrong with a file of an image, for those who list faults instead of telling of one.</summary>
/// <param name="Place">Path in the image, with <c>:line:column</c> where they are known.</param>
/// <param name="Reason">Why it can't be used.</param>
public sealed record ImageFault(string Place, string Reason);
