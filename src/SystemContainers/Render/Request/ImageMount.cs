// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Render.Request;

/// <summary>Files of another image, at a path of the container.</summary>
/// <param name="Source">Where they are on the host: the image's tree, or what in it is asked for.</param>
/// <param name="Destination">Absolute in the container.</param>
/// <param name="IsDirectory">Whether it is a directory; else a file.</param>
sealed record ImageMount(string Source, string Destination, bool IsDirectory);
