// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Tar;
using Xunit;

namespace SystemContainers.Tests.Tar;

/// <summary>Entries of an archive with their content.</summary>
static class ReadTar
{
    public static List<(TarEntry Entry, byte[] Content)> All(byte[] archive) => All(new MemoryStream(archive));

    public static List<(TarEntry Entry, byte[] Content)> All(Stream archive)
    {
        List<(TarEntry, byte[])> entries = [];
        TarReader reader = new(archive);
        while (reader.ReadNext() is { } entry)
        {
            entries.Add((entry, Content(reader)));
        }

        Assert.Null(reader.ReadNext());
        return entries;
    }

    /// <summary>The only entry.</summary>
    public static TarEntry One(TarBuilder archive) => Assert.Single(All(archive.Finished)).Entry;

    /// <summary>The content of the only entry.</summary>
    public static byte[] OneContent(TarBuilder archive)
    {
        (TarEntry entry, byte[] content) = Assert.Single(All(archive.Finished));
        Assert.Equal(entry.Size, content.Length);
        return content;
    }

    /// <summary>All that an entry says, in one line; equal lines are equal entries.</summary>
    public static string Describe(TarEntry entry, ReadOnlySpan<byte> content) =>
        string.Join(
            '|',
            entry.Type,
            Text(entry.Name),
            Text(entry.LinkName),
            entry.Mode,
            entry.Uid,
            entry.Gid,
            entry.Size,
            $"{entry.MtimeSeconds}.{entry.MtimeNanoseconds:d9}",
            entry.DeviceMajor,
            entry.DeviceMinor,
            string.Join(',', entry.Xattrs.Select(x => $"{Text(x.Name)}={Text(x.Value)}")),
            Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content))
        );

    public static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static byte[] Content(TarReader reader)
    {
        using MemoryStream content = new();
        byte[] buffer = new byte[1000];
        for (int read = reader.ReadContent(buffer); read > 0; read = reader.ReadContent(buffer))
        {
            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }
}
