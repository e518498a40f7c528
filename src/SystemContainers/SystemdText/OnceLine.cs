// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>A directory that sysctr itself makes when a deployment comes into use
/// (<c>AdmittedTmpfiles.Once</c>).</summary>
/// <param name="Root">The container's own directory that it is in: from there on no link is followed.</param>
/// <param name="Line">A line of tmpfiles.d(5), in our writing.</param>
sealed record OnceLine(string Root, string Line);
