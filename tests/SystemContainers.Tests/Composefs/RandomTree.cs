// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Linux.Files;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Tests.Composefs;

/// <summary>Trees of all that an image may hold, by a seed.</summary>
sealed class RandomTree
{
    private static readonly string[] s_xattrNames =
    [
        "user.a",
        "user.",
        "user.overlay.whiteout",
        "user.overlay.opaque",
        "user.overlay.whiteouts",
        "trusted.a",
        "trusted.overlay.opaque",
        "trusted.overlay.redirect",
        "trusted.overlay.metacopy",
        "trusted.overlay.overlay.x",
        "trusted.overlay",
        "trusted.overlay.",
        "trusted.overlaz",
        "security.selinux",
        "security.capability",
        "system.posix_acl_access",
        "system.posix_acl_default",
        "system.posix_acl_access.x",
        "system.nfs4_acl",
        "lustre.x",
        "zzz",
        "a",
    ];

    private readonly Random _random;
    private readonly SampleTree _tree;
    private readonly List<TreeDirectory> _directories;
    private readonly List<TreeLeaf> _leaves = [];
    private readonly long _time;

    private RandomTree(int seed)
    {
        _random = new Random(seed);
        _time = _random.Next(4) == 0 ? -_random.NextInt64(3_000_000_000) : _random.NextInt64(3_000_000_000);
        _tree = new SampleTree(Metadata());
        _directories = [_tree.Root];
    }

    /// <summary>A tree of about so many names.</summary>
    public static SampleTree Of(int seed, int names)
    {
        RandomTree random = new(seed);
        bool isDeep = random._random.Next(3) == 0;
        for (int i = 0; i < names; i++)
        {
            random.AddName(isDeep);
        }

        return random._tree;
    }

    private void AddName(bool isDeep)
    {
        TreeDirectory parent = isDeep ? _directories[^1] : _directories[_random.Next(_directories.Count)];
        byte[] name = Name(ReferenceEquals(parent, _tree.Root));
        if (parent.TryGet(name, out _))
        {
            return;
        }

        switch (_random.Next(20))
        {
            case < 4:
                _directories.Add(SampleTree.Directory(parent, name, Metadata()));
                break;
            case < 6:
                Add(_tree.Small(parent, name, Bytes(_random.Next(65)), Metadata()));
                break;
            case < 8 when _leaves.Count > 0:
                TreeLeaf linked = _leaves[_random.Next(_leaves.Count)];
                if (linked.Entry is not { Type: TarEntryType.CharacterDevice, DeviceMajor: 0, DeviceMinor: 0 })
                {
                    parent.Set(name, linked, 0);
                }

                break;
            case < 10:
                Add(SampleTree.Symlink(parent, name, Target(), Metadata()));
                break;
            case 10:
                Add(SampleTree.Special(parent, name, TarEntryType.Fifo, metadata: Metadata()));
                break;
            case 11:
                Add(
                    SampleTree.Special(
                        parent,
                        name,
                        _random.Next(2) == 0 ? TarEntryType.CharacterDevice : TarEntryType.BlockDevice,
                        (uint)_random.Next(0x1000),
                        (uint)_random.Next(0x100000),
                        Metadata()
                    )
                );
                break;
            case 12:
                // mkcomposefs 1.0.8 can't set an attribute of these anew where there are others: it has lost count of
                // their bytes (lcfs_node_clone).
                Add(SampleTree.Special(parent, name, TarEntryType.CharacterDevice, metadata: WithoutMarks(Metadata())));
                parent.Described = WithoutMarks(parent.Described);
                break;
            default:
                Add(
                    SampleTree.Large(
                        parent,
                        name,
                        Size(),
                        _random.Next(3) == 0 ? _random.Next(5) : _random.Next(),
                        Metadata()
                    )
                );
                break;
        }
    }

    private void Add(TreeLeaf leaf) => _leaves.Add(leaf);

    private byte[] Name(bool isRoot)
    {
        int length = _random.Next(10) switch
        {
            0 => 255,
            1 => _random.Next(1, 256),
            _ => _random.Next(1, 20),
        };
        if (isRoot && _random.Next(5) == 0)
        {
            return Encoding.ASCII.GetBytes(
                _random.Next(256).ToString("x2", System.Globalization.CultureInfo.InvariantCulture)
            );
        }

        byte[] name = new byte[length];
        bool isText = _random.Next(3) > 0;
        for (int i = 0; i < length; i++)
        {
            byte one = (byte)(isText ? "abc.-_!~+"[_random.Next(9)] : _random.Next(1, 256));
            name[i] = one == '/' ? (byte)'.' : one;
        }

        return name is [(byte)'.'] or [(byte)'.', (byte)'.'] ? [.. "..."u8] : name;
    }

    private byte[] Target()
    {
        byte[] target = new byte[
            _random.Next(5) switch
            {
                0 => _random.Next(3900, 4096),
                1 => _random.Next(1, 4096),
                _ => _random.Next(1, 100),
            }
        ];
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = (byte)_random.Next(1, 256);
        }

        return target;
    }

    private long Size() =>
        _random.Next(8) switch
        {
            0 => _random.NextInt64(uint.MaxValue - 2L, uint.MaxValue + 3L),
            1 => 1L << _random.Next(7, 53),
            2 => _random.NextInt64((1L << 53) + 1),
            3 => (1L << 53) - _random.NextInt64(1L << 46),
            4 => _random.Next(65, 70),
            _ => _random.Next(65, 1_000_000),
        };

    private FileMetadata Metadata()
    {
        (long seconds, int nanoseconds) = _random.Next(6) switch
        {
            0 => (_random.NextInt64(-10_000_000_000, 100_000_000_000), _random.Next(1_000_000_000)),
            1 => (_time, 1),
            2 => (_time + 1, 0),
            _ => (_time, 0),
        };
        return new FileMetadata(
            _random.Next(4) == 0 ? _random.Next(0x1000) : 0b110_100_100,
            Id(),
            Id(),
            seconds,
            nanoseconds,
            [
                .. Xattrs()
                    .DistinctBy(x => Encoding.Latin1.GetString(x.Name))
                    .OrderBy(x => Encoding.Latin1.GetString(x.Name), StringComparer.Ordinal),
            ]
        );
    }

    private static FileMetadata WithoutMarks(FileMetadata metadata) =>
        metadata with
        {
            Xattrs =
            [
                .. metadata.Xattrs.Where(x =>
                    !x.Name.AsSpan().StartsWith("user.overlay."u8)
                    && !x.Name.AsSpan().SequenceEqual("trusted.overlay.opaque"u8)
                ),
            ],
        };

    private uint Id() =>
        _random.Next(8) switch
        {
            0 => 65535,
            1 => 65536,
            2 => uint.MaxValue - 1,
            3 => 1000,
            _ => 0,
        };

    private List<FileXattr> Xattrs()
    {
        List<FileXattr> xattrs = [];
        int count =
            _random.Next(5) == 0 ? _random.Next(1, 6)
            : _random.Next(200) == 0 ? 180
            : 0;
        for (int i = 0; i < count; i++)
        {
            byte[] name =
                count > 100 ? Encoding.ASCII.GetBytes($"user.many{i}")
                : _random.Next(6) == 0 ? XattrName()
                : Encoding.ASCII.GetBytes(s_xattrNames[_random.Next(s_xattrNames.Length)]);
            xattrs.Add(
                new FileXattr(
                    name,
                    count > 100
                        ? []
                        : _random.Next(12) switch
                        {
                            0 => Enumerable.Repeat((byte)'v', _random.Next(5000)).ToArray(),
                            1 => Bytes(_random.Next(60)),
                            2 => [],
                            _ => Encoding.ASCII.GetBytes("same" + _random.Next(3)),
                        }
                )
            );
        }

        return xattrs;
    }

    private byte[] XattrName()
    {
        byte[] name = new byte[_random.Next(3) == 0 ? 255 : _random.Next(8, 40)];
        for (int i = 0; i < name.Length; i++)
        {
            name[i] = (byte)_random.Next(1, 256);
        }

        byte[] prefix = Encoding.ASCII.GetBytes(
            new[] { "user.", "trusted.", "trusted.overlay.", "security." }[_random.Next(4)]
        );
        prefix.AsSpan(0, Math.Min(prefix.Length, name.Length)).CopyTo(name);
        return name;
    }

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}
