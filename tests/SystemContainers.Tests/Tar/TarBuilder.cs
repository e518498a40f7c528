// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Tests.Tar;

/// <summary>Writes archives block by block, also such as no tool would write. Text is Latin-1: a character is a
/// byte.</summary>
sealed class TarBuilder
{
    private const int BlockSize = 512;

    private readonly List<byte> _archive = [];

    /// <summary>Without end blocks.</summary>
    public byte[] Unfinished => [.. _archive];

    /// <summary>With the two end blocks.</summary>
    public byte[] Finished => [.. _archive, .. new byte[2 * BlockSize]];

    /// <summary>A header, its content and padding.</summary>
    /// <param name="type">The type flag.</param>
    /// <param name="name">At most 100 bytes.</param>
    /// <param name="content">What follows; its length is in the header unless <paramref name="change"/> alters
    /// it.</param>
    /// <param name="link">At most 100 bytes.</param>
    /// <param name="change">Alters the header before it is summed up.</param>
    public TarBuilder Add(char type, string name, string content = "", string link = "", Action<byte[]>? change = null)
    {
        byte[] header = Header(type, name, content.Length, link);
        change?.Invoke(header);
        Seal(header);
        return Raw(header).Raw(Latin1(content)).Pad();
    }

    public TarBuilder File(string name, string content = "") => Add('0', name, content);

    /// <summary>A pax header of records whose lengths are right.</summary>
    public TarBuilder Pax(char type, params (string Key, string Value)[] records) =>
        Add(type, "pax", string.Concat(records.Select(r => Record(r.Key, r.Value))));

    public TarBuilder Raw(byte[] bytes)
    {
        _archive.AddRange(bytes);
        return this;
    }

    public TarBuilder Pad() => Raw(new byte[(BlockSize - (_archive.Count % BlockSize)) % BlockSize]);

    public static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>A record, whose length counts its own digits.</summary>
    public static string Record(string key, string value)
    {
        int rest = key.Length + value.Length + 3;
        int length = rest + 1;
        while (length != rest + $"{length}".Length)
        {
            length = rest + $"{length}".Length;
        }

        return $"{length} {key}={value}\n";
    }

    public static void Put(byte[] header, int offset, string text) => Latin1(text).CopyTo(header, offset);

    public static string Octal(long value, int digits) => Convert.ToString(value, 8).PadLeft(digits, '0');

    /// <summary>Writes the checksum.</summary>
    public static void Seal(byte[] header)
    {
        Put(header, 148, "        ");
        Put(header, 148, Octal(header.Sum(b => b), 6) + "\0 ");
    }

    private static byte[] Header(char type, string name, long size, string link)
    {
        byte[] header = new byte[BlockSize];
        Put(header, 0, name);
        Put(header, 100, Octal(0b110_100_100, 7));
        Put(header, 108, Octal(0, 7));
        Put(header, 116, Octal(0, 7));
        Put(header, 124, Octal(size, 11));
        Put(header, 136, Octal(1_600_000_000, 11));
        header[156] = (byte)type;
        Put(header, 157, link);
        Put(header, 257, "ustar\0" + "00");
        return header;
    }
}
