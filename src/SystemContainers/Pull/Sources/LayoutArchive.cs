// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Pull.Sources;

/// <param name="archive">Disposed of with this.</param>
/// <param name="doing">"reading X", for messages.</param>
sealed class LayoutArchive(ArchiveFile archive, string doing) : ILayoutFiles
{
    public bool Has(string name) => archive.Has(name);

    public Stream Open(string name, string what) =>
        archive.Has(name)
            ? archive.Open(name)
            : throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it has no {what}",
                name == "index.json" && archive.Has("manifest.json")
                    ? "'docker save' wrote it: write docker-archive: instead of oci-archive:"
                    : "it was cut, or built broken; make it again"
            );

    public void Dispose() => archive.Dispose();
}
