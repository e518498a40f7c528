// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>The refs, <c>images/SHA256-OF-NAME.json</c>: a name may hold anything, a file name may not.</summary>
/// <param name="directory"><c>images/</c> of the store.</param>
/// <param name="makeDurable">Makes all that a ref counts on durable, so that refs always come last.</param>
sealed class ImageRefs(string directory, Action<ImageRecord> makeDurable)
{
    /// <summary>What the full reference means here; null where it was never pulled.</summary>
    public ImageRecord? Find(string reference)
    {
        return TryRead(FileOf(reference));
    }

    /// <summary>Every ref, by name.</summary>
    public IReadOnlyList<ImageRecord> List() =>
        [
            .. Directory
                .GetFiles(directory, "*.json")
                .Select(TryRead)
                .OfType<ImageRecord>()
                .OrderBy(r => r.Reference, StringComparer.Ordinal),
        ];

    /// <summary>Every file of a ref, with what it says; null where it can't be read, or has the name of another
    /// ref.</summary>
    public IEnumerable<(string File, ImageRecord? Record)> Examine()
    {
        foreach (string file in Directory.GetFiles(directory, "*.json"))
        {
            ImageRecord? record = null;
            try
            {
                record = Read(file);
            }
            catch (FileNotFoundException)
            {
                continue;
            }
            catch (Exception e) when (e is SysctrException or IOException)
            {
                // Told by the null.
            }

            yield return (file, record is not null && FileOf(record.Reference) == file ? record : null);
        }
    }

    /// <summary>Adds or moves a ref, durably, after the store's <see cref="ContentStore.Commit"/>.</summary>
    /// <exception cref="SysctrException">Corrupt: a layer was never added; Storage: the disk is full or
    /// fails.</exception>
    public void Set(ImageRecord record)
    {
        makeDurable(record);
        StoreErrors.Wrap(
            $"keeping the ref {record.Reference}",
            () =>
                DurableFile.Write(
                    FileOf(record.Reference),
                    JsonSerializer.SerializeToUtf8Bytes(record, StoreJson.Default.ImageRecord),
                    UnixFileMode.UserRead | UnixFileMode.UserWrite
                )
        );
    }

    /// <summary>Removes a ref, durably; what it kept is left to prune.</summary>
    /// <exception cref="SysctrException">Storage: the disk fails.</exception>
    public void Delete(string reference) =>
        StoreErrors.Wrap($"removing the ref {reference}", () => DurableFile.Delete(FileOf(reference)));

    /// <summary>The file of a ref, there or not.</summary>
    internal string FileOf(string reference) =>
        Path.Join(directory, Digest.Sha256(Encoding.UTF8.GetBytes(reference)).Hex + ".json");

    /// <summary>Null where it is not there, or was removed since the directory was read.</summary>
    private static ImageRecord? TryRead(string file)
    {
        try
        {
            return Read(file);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    internal static ImageRecord Read(string file)
    {
        try
        {
            return OwnJson.Read(RegularFile.ReadAll(file), StoreJson.Default.ImageRecord);
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading the ref {file}: {JsonFault.Of(e)}",
                "remove it and pull the image again",
                e
            );
        }
    }
}
