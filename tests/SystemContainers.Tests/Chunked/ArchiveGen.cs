// SPDX-License-Identifier: Apache-2.0

using System.Text;
using CsCheck;
using SystemContainers.Tests.Fakes;

namespace SystemContainers.Tests.Chunked;

/// <summary>Archives of any entries that a table of contents can describe: contents of noise, text and holes, of all
/// sizes around those where they are cut.</summary>
static class ArchiveGen
{
    private static readonly Gen<byte[]> s_piece = Gen.OneOf(
        Gen.Select(Gen.Int[0, 200_000], Gen.Int, (size, seed) => FakeImage.Noise(size, seed)),
        Gen.Select(Gen.Int[0, 5000], Gen.Byte, (size, value) => Enumerable.Repeat(value, size).ToArray()),
        Gen.OneOf(Gen.Int[0, 3000], Gen.Int[1020, 1028], Gen.Int[4_194_300, 4_194_310]).Select(size => new byte[size])
    );

    private static readonly Gen<byte[]> s_content = s_piece
        .Array[0, 4]
        .Select(pieces => pieces.SelectMany(p => p).ToArray());

    private static readonly Gen<Action<LayerTar, string>> s_entry = Gen.OneOf(
        s_content.Select<byte[], Action<LayerTar, string>>(content =>
            (tar, name) => tar.File(name, Encoding.Latin1.GetString(content), uid: 3_000_000)
        ),
        s_content.Select<byte[], Action<LayerTar, string>>(content =>
            (tar, name) => tar.File(name, Encoding.Latin1.GetString(content))
        ),
        Gen.Const<Action<LayerTar, string>>((tar, name) => tar.Dir(name + "/")),
        Gen.Const<Action<LayerTar, string>>(
            (tar, name) =>
                tar.File(new string('d', 120) + name, "x", mtime: "1600000000.5", xattrs: ("user.a", [1, 0, 255]))
        ),
        Gen.Const<Action<LayerTar, string>>((tar, name) => tar.Symlink(name, new string('t', 130))),
        Gen.Const<Action<LayerTar, string>>((tar, name) => tar.Device('3', name, 1, 3))
    );

    /// <summary>Archives, some with padding behind their end.</summary>
    public static Gen<byte[]> Archive { get; } =
        Gen.Select(
            s_entry.Array[0, 12],
            Gen.Int[0, 5],
            (entries, padding) =>
            {
                LayerTar tar = new();
                for (int i = 0; i < entries.Length; i++)
                {
                    entries[i](tar, $"e{i}");
                }

                return (byte[])[.. tar.ToBytes(), .. new byte[512 * padding]];
            }
        );
}
