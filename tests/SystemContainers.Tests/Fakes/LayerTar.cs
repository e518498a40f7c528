// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Tests.Fakes;

/// <summary>
/// A layer of any entries, also such as no tool would write. Names are Latin-1: a character is a byte.
/// </summary>
public sealed class LayerTar
{
    private const int BlockSize = 512;

    private readonly List<byte> _archive = [];

    /// <summary>The archive with its end blocks.</summary>
    public byte[] ToBytes() => [.. _archive, .. new byte[2 * BlockSize]];

    public LayerTar Dir(
        string name,
        int mode = 0b111_101_101,
        uint uid = 0,
        uint gid = 0,
        string mtime = "1600000000",
        params (string, byte[])[] xattrs
    ) => Entry('5', name, mode: mode, uid: uid, gid: gid, mtime: mtime, xattrs: xattrs);

    public LayerTar File(
        string name,
        string content = "",
        int mode = 0b110_100_100,
        uint uid = 0,
        uint gid = 0,
        string mtime = "1600000000",
        params (string, byte[])[] xattrs
    ) =>
        Entry(
            '0',
            name,
            content: Encoding.Latin1.GetBytes(content),
            mode: mode,
            uid: uid,
            gid: gid,
            mtime: mtime,
            xattrs: xattrs
        );

    public LayerTar Link(string name, string target) => Entry('1', name, target);

    public LayerTar Symlink(
        string name,
        string target,
        uint uid = 0,
        uint gid = 0,
        string mtime = "1600000000",
        params (string, byte[])[] xattrs
    ) => Entry('2', name, target, mode: 0b111_111_111, uid: uid, gid: gid, mtime: mtime, xattrs: xattrs);

    public LayerTar Device(
        char type,
        string name,
        int major,
        int minor,
        int mode = 0b110_000_000,
        uint uid = 0,
        uint gid = 0
    ) => Entry(type, name, mode: mode, uid: uid, gid: gid, major: major, minor: minor);

    public LayerTar Fifo(string name, int mode = 0b110_100_100, string mtime = "1600000000") =>
        Entry('6', name, mode: mode, mtime: mtime);

    public LayerTar Whiteout(string name) => File(name);

    private LayerTar Entry(
        char type,
        string name,
        string link = "",
        byte[]? content = null,
        int mode = 0b110_100_100,
        uint uid = 0,
        uint gid = 0,
        string mtime = "1600000000",
        int major = 0,
        int minor = 0,
        (string Name, byte[] Value)[]? xattrs = null
    )
    {
        List<(string Key, byte[] Value)> records = [];
        if (name.Length > 100)
        {
            records.Add(("path", Encoding.Latin1.GetBytes(name)));
        }

        if (link.Length > 100)
        {
            records.Add(("linkpath", Encoding.Latin1.GetBytes(link)));
        }

        if (mtime.Contains('.', StringComparison.Ordinal) || mtime.StartsWith('-'))
        {
            records.Add(("mtime", Encoding.ASCII.GetBytes(mtime)));
        }

        if (uid >= 1 << 21 || gid >= 1 << 21)
        {
            records.Add(("uid", Encoding.ASCII.GetBytes($"{uid}")));
            records.Add(("gid", Encoding.ASCII.GetBytes($"{gid}")));
        }

        records.AddRange((xattrs ?? []).Select(x => ($"SCHILY.xattr.{x.Name}", x.Value)));
        if (records.Count > 0)
        {
            Block('x', "pax", "", [.. records.SelectMany(r => Record(r.Key, r.Value))], 0b110_100_100, 0, 0, 0, 0, 0);
        }

        string whole = mtime.Split('.')[0];
        long seconds = whole.StartsWith('-') ? 0 : long.Parse(whole);
        Block(
            type,
            name[..Math.Min(name.Length, 100)],
            link[..Math.Min(link.Length, 100)],
            content ?? [],
            mode,
            uid,
            gid,
            seconds,
            major,
            minor
        );
        return this;
    }

    private void Block(
        char type,
        string name,
        string link,
        byte[] content,
        int mode,
        uint uid,
        uint gid,
        long mtime,
        int major,
        int minor
    )
    {
        byte[] header = new byte[BlockSize];
        Put(0, name);
        Put(100, Octal(mode, 7));
        Put(108, Octal(uid >= 1 << 21 ? 0 : uid, 7));
        Put(116, Octal(gid >= 1 << 21 ? 0 : gid, 7));
        Put(124, Octal(content.Length, 11));
        Put(136, Octal(mtime, 11));
        Put(148, "        ");
        header[156] = (byte)type;
        Put(157, link);
        Put(257, "ustar\0" + "00");
        Put(329, Octal(major, 7));
        Put(337, Octal(minor, 7));
        Put(148, Octal(header.Sum(b => b), 6) + "\0");
        _archive.AddRange(header);
        _archive.AddRange(content);
        _archive.AddRange(new byte[(BlockSize - (content.Length % BlockSize)) % BlockSize]);

        void Put(int offset, string text) => Encoding.Latin1.GetBytes(text).CopyTo(header, offset);
    }

    private static string Octal(long value, int digits) => Convert.ToString(value, 8).PadLeft(digits, '0');

    /// <summary>A pax record, whose length counts its own digits.</summary>
    private static byte[] Record(string key, byte[] value)
    {
        int rest = key.Length + value.Length + 3;
        int length = rest + 1;
        while (length != rest + length.ToString().Length)
        {
            length = rest + length.ToString().Length;
        }

        return [.. Encoding.ASCII.GetBytes($"{length} {key}="), .. value, (byte)'\n'];
    }
}
