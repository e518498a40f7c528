// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using SystemContainers.Linux.Files;
using SystemContainers.Tar;

namespace SystemContainers.Store.Records;

/// <summary>One entry of a layer as the index keeps it: a tar entry, with the object in place of the content.</summary>
sealed class LayerEntry
{
    public required TarEntryType Type { get; init; }

    /// <summary>The path as the archive has it.</summary>
    public required byte[] Name { get; init; }

    /// <summary>Target of a link.</summary>
    public required byte[] LinkName { get; init; }

    public required FileMetadata Metadata { get; init; }

    /// <summary>Bytes of content of a regular file.</summary>
    public required long Size { get; init; }

    public required uint DeviceMajor { get; init; }

    public required uint DeviceMinor { get; init; }

    /// <summary>The content of a regular file that is not empty; set once it is known.</summary>
    public ObjectKey Object { get; set; }

    /// <summary>What <see cref="Object"/> says of the file.</summary>
    public ObjectForm Form { get; init; }

    /// <summary>The metadata that <see cref="Object"/> says something of: the image's, where a copy on disk has another
    /// owner.</summary>
    [AllowNull]
    public FileMetadata Proven
    {
        get => field ?? Metadata;
        private init;
    }

    /// <summary>The same entry as a copy on disk that has other metadata than the object.</summary>
    public LayerEntry CopiedAs(FileMetadata metadata) => With(metadata, Form, Object, Proven);

    /// <summary>The same entry with an object of another form.</summary>
    public LayerEntry With(ObjectForm form, ObjectKey key) => With(Metadata, form, key);

    /// <summary>The same entry with other metadata; not of a file whose object has it.</summary>
    public LayerEntry With(FileMetadata metadata) => With(metadata, Form, Object);

    private LayerEntry With(FileMetadata metadata, ObjectForm form, ObjectKey key, FileMetadata? proven = null) =>
        new()
        {
            Type = Type,
            Name = Name,
            LinkName = LinkName,
            Metadata = metadata,
            Size = Size,
            DeviceMajor = DeviceMajor,
            DeviceMinor = DeviceMinor,
            Form = form,
            Object = key,
            Proven = proven,
        };
}
