// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Sources;

/// <summary>The files of an OCI image layout, wherever they lie.</summary>
interface ILayoutFiles : IDisposable
{
    /// <param name="name">As for <see cref="Open"/>.</param>
    bool Has(string name);

    /// <summary>Opens a file from its start; any number at once.</summary>
    /// <param name="name">Relative: <c>index.json</c>, <c>blobs/sha256/…</c>.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <exception cref="Errors.SysctrException">NotFound, Corrupt: it is not there; Unsafe: it is no plain file;
    /// Storage.</exception>
    Stream Open(string name, string what);
}
