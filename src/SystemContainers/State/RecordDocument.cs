// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.State;

/// <summary>Documents of ours on disk: records of containers, transactions, mounts.</summary>
static class RecordDocument
{
    /// <summary>Reads a document that we wrote.</summary>
    /// <exception cref="SysctrException">Corrupt: it is not what we write.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            return OwnJson.Read(RegularFile.ReadAll(path), type);
        }
        catch (JsonException e)
        {
            throw new SysctrException(ErrorKind.Corrupt, $"reading {path}: {JsonFault.Of(e)}", inner: e);
        }
    }

    /// <summary>Writes a document durably, readable by all.</summary>
    public static void Write<T>(string path, T value, JsonTypeInfo<T> type) =>
        DurableFile.Write(path, Bytes(value, type), Mode);

    /// <summary>A document as it is written.</summary>
    public static byte[] Bytes<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    public const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
}
