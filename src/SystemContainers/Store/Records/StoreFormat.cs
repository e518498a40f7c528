// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Store.Records;

/// <summary>
/// <c>meta.json</c>: what one has to understand to use the store, after ext4's model. An unknown compatible feature may
/// be ignored, an unknown read-only one forbids writing, an unknown incompatible one forbids everything.
/// </summary>
sealed record StoreFormat(
    [property: JsonRequired] int Version,
    [property: JsonRequired] IReadOnlyList<string> Compatible,
    [property: JsonRequired] IReadOnlyList<string> ReadOnlyCompatible,
    [property: JsonRequired] IReadOnlyList<string> Incompatible
)
{
    /// <summary>Layers may have objects of the form <see cref="ObjectForm.Content"/>. Whoever does not know them would
    /// take them for altered.</summary>
    public const string ContentObjects = "content-objects";

    private static readonly StoreFormat s_current = new(1, [], [], []);

    private static readonly string[] s_known = [ContentObjects];

    /// <summary>Checks the store's format, or writes it for a new store.</summary>
    /// <exception cref="SysctrException">Host: a newer sysctr made it; Corrupt: it can't be read.</exception>
    public static void CheckOrCreate(string root)
    {
        string file = Path.Join(root, "meta.json");
        if (!File.Exists(file))
        {
            Write(file, s_current);
            return;
        }

        Check(root);
    }

    /// <summary>Checks the format of a store that is there.</summary>
    /// <exception cref="SysctrException">Host: a newer sysctr made it; Corrupt: it can't be read.</exception>
    public static void Check(string root)
    {
        StoreFormat found = Read(Path.Join(root, "meta.json"));
        string? unknown = found
            .Incompatible.Concat(found.ReadOnlyCompatible)
            .Except(s_known, StringComparer.Ordinal)
            .FirstOrDefault();
        if (found.Version > s_current.Version || unknown is not null)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"opening the store {root}: it has format {found.Version}{(unknown is null ? "" : $" with feature '{unknown}'")}, which this sysctr does not know",
                "use the sysctr that made it, or a newer one"
            );
        }
    }

    /// <summary>Says durably that one has to understand a feature to use the store, before the first use of
    /// it.</summary>
    /// <param name="feature">One that this sysctr knows.</param>
    public static void Require(string root, string feature)
    {
        string file = Path.Join(root, "meta.json");
        StoreFormat found = Read(file);
        if (!found.Incompatible.Contains(feature, StringComparer.Ordinal))
        {
            Write(file, found with { Incompatible = [.. found.Incompatible, feature] });
        }
    }

    private static void Write(string file, StoreFormat format) =>
        DurableFile.Write(
            file,
            JsonSerializer.SerializeToUtf8Bytes(format, StoreJson.Default.StoreFormat),
            UnixFileMode.UserRead | UnixFileMode.UserWrite
        );

    private static StoreFormat Read(string file)
    {
        try
        {
            return OwnJson.Read(RegularFile.ReadAll(file), StoreJson.Default.StoreFormat);
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading {file}: {(e is JsonException malformed ? JsonFault.Of(malformed) : "it is missing")}",
                inner: e
            );
        }
    }
}
