// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Exports;

/// <summary>An image's files, of which only so much is read: every template may be as large as is allowed, and ten
/// thousand of them may not.</summary>
sealed class CountedFiles(IImageFiles files) : IImageFiles
{
    private long _read;

    public ImageFile? Find(string path) => files.Find(path);

    public ImageFile? FindNoFollow(string path) => files.FindNoFollow(path);

    public IReadOnlyList<string> List(string directory) => files.List(directory);

    /// <inheritdoc/>
    /// <remarks>Unsafe too: it and what was read before are more than
    /// <see cref="OciLimits.MaxExportsBytes"/>.</remarks>
    public byte[] Read(ImageFile file, int limit)
    {
        _read += file.Size;
        return _read <= OciLimits.MaxExportsBytes
            ? files.Read(file, limit)
            : throw TemplateErrors.Unsafe(
                file.Path,
                $"it and the templates before it have more than the {OciLimits.MaxExportsBytes} bytes that are allowed together"
            );
    }
}
