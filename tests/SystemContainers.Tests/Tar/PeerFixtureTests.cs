// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Tar;
using Xunit;

namespace SystemContainers.Tests.Tar;

/// <summary>
/// The archives of Go's archive/tar testdata and of libarchive's tests, made again here: each ends as it does for them,
/// or the row says why not. podman, containerd and umoci all read layers with archive/tar.
/// </summary>
public sealed class PeerFixtureTests
{
    /// <summary>What is taken: name, and what of it counts.</summary>
    [Theory]
    [InlineData("pax-pos-size-file: zeros before a number", "foo 999")]
    [InlineData("nil-uid: a field of zero bytes is 0", "file uid=0")]
    [InlineData("gnu-multi-hdrs: of several long names the last", "GNU2/long-path-name -> GNU4/long-link")]
    [InlineData("pax-multi-hdrs: of several pax headers the last alone", "bar -> PAX4/long-link")]
    [InlineData("gnu-long-nul: a long name ends at its zero byte", "0123456789")]
    [InlineData("invalid-go17: a prefix", "aaaa/foo")]
    [InlineData("hdr-only: what is no file has no content, whatever its size says", "dir, after")]
    [InlineData("pax: a value that is empty takes back the header before", "short")]
    [InlineData("libarchive negative_time: before 1970, with a fraction", "old -2.500000000")]
    [InlineData("libarchive timestamps: more digits than nanoseconds", "new 1.123456789")]
    [InlineData("libarchive concatenated: what follows the end is padding", "first")]
    public void What_peers_take(string fixture, string expected) => Assert.Equal(expected, Describe(fixture));

    /// <summary>What is refused, and how.</summary>
    [Theory]
    [InlineData("pax-bad-hdr-file: a record without its length", null)]
    [InlineData("pax-bad-mtime-file: a time that is none", null)]
    [InlineData("pax-nul-xattrs: a zero byte in a key", null)]
    [InlineData("pax-nul-path: a zero byte in a path", null)]
    [InlineData("neg-size: a size below zero", null)]
    [InlineData("issue10968: a size in base 256 that no file has", null)]
    [InlineData("issue11169: a header of one byte and zeros", null)]
    [InlineData("issue12435: an entry that ends with the archive", null)]
    [InlineData("libarchive empty_val_no_nl: a record without its newline", null)]
    [InlineData("libarchive invalid_pax_size: a size that is no number", null)]
    [InlineData(
        "gnu-incremental: a directory with a list (type D)",
        "taken by the reader, refused by all that unpack with it: nobody knows how to make one"
    )]
    [InlineData(
        "libarchive gnulabel: the name of a volume (type V)",
        "taken by the reader, refused by all that unpack with it"
    )]
    [InlineData(
        "pax-path-hdr: a header without its entry",
        "taken as an empty archive: a layer that is cut there would be taken, too"
    )]
    public void What_peers_refuse(string fixture, string? differs)
    {
        SysctrException e = Assert.Throws<SysctrException>(() => Describe(fixture));

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.True(differs is null or ['t', 'a', 'k', 'e', 'n', ..]);
    }

    private static string Describe(string fixture)
    {
        string name = fixture.Split(':')[0];
        return string.Join(", ", ReadTar.All(Make(name)).Select(e => Text(name, e.Entry)));
    }

    private static string Text(string fixture, TarEntry entry)
    {
        string text = Encoding.UTF8.GetString(entry.Name);
        return fixture switch
        {
            "pax-pos-size-file" => $"{text} {entry.Size}",
            "nil-uid" => $"{text} uid={entry.Uid}",
            _ when entry.Type == TarEntryType.Symlink => $"{text} -> {Encoding.UTF8.GetString(entry.LinkName)}",
            _ when fixture.StartsWith("libarchive", StringComparison.Ordinal) && entry.MtimeNanoseconds > 0 =>
                entry.MtimeSeconds < 0
                    ? $"{text} -{-entry.MtimeSeconds - 1}.{1_000_000_000 - entry.MtimeNanoseconds:d9}"
                    : $"{text} {entry.MtimeSeconds}.{entry.MtimeNanoseconds:d9}",
            _ => text,
        };
    }

    private static byte[] Make(string fixture)
    {
        TarBuilder tar = new();
        switch (fixture)
        {
            case "pax-pos-size-file":
                return tar.Pax('x', ("size", "000000000000000000000999"))
                    .Add('0', "foo", new string('x', 999), change: h => TarBuilder.Put(h, 124, "00000000000"))
                    .Finished;
            case "nil-uid":
                return tar.Add('0', "file", change: h => Array.Clear(h, 108, 8)).Finished;
            case "gnu-multi-hdrs":
                return tar.Add('L', "l", "GNU1/long-path-name\0")
                    .Add('L', "l", "GNU2/long-path-name\0")
                    .Add('K', "l", "GNU3/long-link\0")
                    .Add('K', "l", "GNU4/long-link\0")
                    .Add('2', "short", link: "short")
                    .Finished;
            case "pax-multi-hdrs":
                return tar.Pax('x', ("path", "PAX1/long-path-name"))
                    .Pax('x', ("linkpath", "PAX4/long-link"))
                    .Add('2', "bar", link: "short")
                    .Finished;
            case "gnu-long-nul":
                return tar.Add('L', "l", "0123456789\0fghij\0").File("short").Finished;
            case "invalid-go17":
                return tar.Add('0', "foo", change: h => TarBuilder.Put(h, 345, "aaaa")).Finished;
            case "hdr-only":
                return tar.Add('5', "dir", change: h => TarBuilder.Put(h, 124, "00000001000")).File("after").Finished;
            case "pax":
                return tar.Pax('x', ("path", "long"), ("path", "")).File("short").Finished;
            case "libarchive negative_time":
                return tar.Pax('x', ("mtime", "-2.5")).File("old").Finished;
            case "libarchive timestamps":
                return tar.Pax('x', ("mtime", "1.123456789123456789")).File("new").Finished;
            case "libarchive concatenated":
                return [.. tar.File("first").Finished, .. new TarBuilder().File("second").Finished];
            case "pax-bad-hdr-file":
                return tar.Add('x', "pax", "path=foo\n").File("foo").Finished;
            case "pax-bad-mtime-file":
                return tar.Pax('x', ("mtime", "garbage")).File("foo").Finished;
            case "pax-nul-xattrs":
                return tar.Pax('x', ("SCHILY.xattr.user.a\0b", "x")).File("foo").Finished;
            case "pax-nul-path":
                return tar.Pax('x', ("path", "a\0b")).File("foo").Finished;
            case "neg-size":
                return tar.Add(
                    '0',
                    "foo",
                    change: h =>
                    {
                        Array.Fill(h, (byte)0xff, 124, 12);
                    }
                ).Finished;
            case "issue10968":
                return tar.Add(
                    '0',
                    "foo",
                    change: h =>
                    {
                        h[124] = 0x80;
                        Array.Fill(h, (byte)0x7f, 125, 11);
                    }
                ).Finished;
            case "issue11169":
                return [(byte)'x', .. new byte[511]];
            case "issue12435":
                return tar.Add('0', "foo", change: h => TarBuilder.Put(h, 124, "00000001000")).Unfinished;
            case "libarchive empty_val_no_nl":
                return tar.Add('x', "pax", "9 path=ab").File("foo").Finished;
            case "libarchive invalid_pax_size":
                return tar.Pax('x', ("size", "0x3e7")).File("foo").Finished;
            case "gnu-incremental":
                return tar.Add('D', "dir", "Yfile\0\0").Finished;
            case "libarchive gnulabel":
                return tar.Add('V', "label").Finished;
            default:
                return tar.Pax('x', ("path", "foo")).Unfinished;
        }
    }
}
