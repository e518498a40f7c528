// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;

namespace SystemContainers.Render.HostFiles;

/// <summary>What <see cref="TmpfilesGuard"/> let through of an image's tmpfiles, in our own writing.</summary>
/// <param name="Text">A tmpfiles.d(5) file that is safe whenever it is applied, at boot too.</param>
/// <param name="Once">
/// Lines for directories in places that the payload writes to, where it may have put a link: made by us when the
/// deployment comes into use, with nothing followed on the way, and never by systemd-tmpfiles.
/// </param>
sealed record AdmittedTmpfiles(string Text, IReadOnlyList<OnceLine> Once);
