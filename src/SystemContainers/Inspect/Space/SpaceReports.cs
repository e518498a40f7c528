// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Inspect.Space;

/// <summary>
/// Adds up what the store takes. A file counts once, by its blocks, however many names it has: layers, images and
/// deployments share it. Reads only, takes no lock; what changes meanwhile is counted or not.
/// </summary>
sealed class SpaceReports(Host host)
{
    private const int BlockBytes = 512;

    private readonly Dictionary<ObjectKey, long> _sizes = [];
    private readonly Dictionary<Digest, (ObjectKey Key, long Size)[]> _contents = [];

    public SpaceReport Of()
    {
        FileSystemSpace space = FileSystemSpace.Of(Directory.Exists(host.StoreHere) ? host.StoreHere : "/");
        if (!Directory.Exists(host.StoreHere))
        {
            return new SpaceReport(host.StoreHere, space.Total, space.Free, 0, 0, [], [], 0, 0);
        }

        host.OpenStore().EachObject((key, file) => _sizes[key] = BlocksOf(file).Bytes);
        IReadOnlyList<ContainerRecord> deployments = host.Catalog.All();
        IReadOnlyList<ImageRecord> named = host.OpenStore().Images.List();
        ContainerSpace[] containers =
        [
            .. deployments
                .GroupBy(d => d.Name, StringComparer.Ordinal)
                .Select(Of)
                .OrderBy(c => c.Name, StringComparer.Ordinal),
        ];
        HashSet<ContainerRecord> old = [.. OldDeployments(containers.Select(c => c.Name))];
        long oldBytes = old.Sum(o => OwnBytes(host.Deployment(o.Name, o.Deployment).Here));
        HashSet<Digest> used = [.. deployments.SelectMany(d => d.Images).Select(i => i.ConfigDigest)];
        return new SpaceReport(
            host.StoreHere,
            space.Total,
            space.Free,
            _sizes.Count,
            _sizes.Values.Sum(),
            Images(named, deployments),
            containers,
            oldBytes
                + Unneeded(named.SelectMany(i => i.DiffIds).Concat(LayersOf(deployments.Where(d => !old.Contains(d))))),
            Unneeded(
                named.Where(i => used.Contains(i.ConfigDigest)).SelectMany(i => i.DiffIds).Concat(LayersOf(deployments))
            )
        );
    }

    private static IEnumerable<Digest> LayersOf(IEnumerable<ContainerRecord> deployments) =>
        deployments.SelectMany(d => d.Images).SelectMany(i => i.DiffIds);

    /// <summary>The unpacked size of an image: its files, each once.</summary>
    public long SizeOf(ImageRecord image) =>
        image.DiffIds.SelectMany(ContentsOf).DistinctBy(c => c.Key).Sum(c => c.Size);

    private (ObjectKey Key, long Size)[] ContentsOf(Digest layer)
    {
        if (!_contents.TryGetValue(layer, out (ObjectKey, long)[]? contents))
        {
            contents = host.OpenStore().HasLayer(layer)
                ?
                [
                    .. host.OpenStore()
                        .ReadLayer(layer)
                        .Entries.Where(ContentStore.HasObject)
                        .Select(e => (e.Object, e.Size)),
                ]
                : [];
            _contents.Add(layer, contents);
        }

        return contents;
    }

    private ImageSpace[] Images(IReadOnlyList<ImageRecord> named, IReadOnlyList<ContainerRecord> deployments)
    {
        var images = named
            .Select(i => (Id: i.ConfigDigest, Name: i.Reference, i.DiffIds, IsNamed: true))
            .Concat(
                deployments
                    .SelectMany(d => d.Images)
                    .Select(i => (Id: i.ConfigDigest, Name: i.Reference, i.DiffIds, IsNamed: false))
            )
            .GroupBy(i => i.Id)
            .Select(g =>
                (
                    Id: g.Key,
                    Names: (string[])
                        [
                            .. g.Where(i => i.IsNamed == g.Any(o => o.IsNamed))
                                .Select(i => i.Name)
                                .Distinct(StringComparer.Ordinal)
                                .Order(StringComparer.Ordinal),
                        ],
                    Objects: ObjectsOf(g.First().DiffIds)
                )
            )
            .ToArray();
        return
        [
            .. from image in images
            let others = images.Where(o => o.Id != image.Id).SelectMany(o => o.Objects).ToHashSet()
            orderby image.Names.FirstOrDefault()
            select new ImageSpace(
                image.Names,
                image.Id.ToString(),
                Sum(image.Objects),
                Sum(image.Objects.Where(others.Contains)),
                [
                    .. deployments
                        .Where(d => d.Images.Any(i => i.ConfigDigest == image.Id))
                        .Select(d => d.Name)
                        .Distinct(StringComparer.Ordinal),
                ]
            ),
        ];
    }

    private ContainerSpace Of(IGrouping<string, ContainerRecord> container)
    {
        string here = host.Deployment(container.Key, 0).ContainerHere;
        IEnumerable<string> state = container.SelectMany(d => d.StateDirectories).Distinct(StringComparer.Ordinal);
        return new ContainerSpace(
            container.Key,
            container.Count(),
            OwnBytes(here),
            state.Sum(d => OwnBytes(host.Inside(d)))
        );
    }

    /// <summary>What a prune with the host's setting would remove.</summary>
    private IEnumerable<ContainerRecord> OldDeployments(IEnumerable<string> names)
    {
        DeploymentPruner pruner = new(host);
        return names
            .Where(host.Catalog.IsInstalled)
            .SelectMany(name => pruner.Candidates(name, asked: null).Select(number => host.Catalog.Find(name, number)))
            .OfType<ContainerRecord>();
    }

    /// <summary>What goes when only these layers stay.</summary>
    private long Unneeded(IEnumerable<Digest> layers)
    {
        HashSet<ObjectKey> live = ObjectsOf(layers.Distinct());
        return _sizes.Where(s => !live.Contains(s.Key)).Sum(s => s.Value);
    }

    private HashSet<ObjectKey> ObjectsOf(IEnumerable<Digest> layers) =>
        [.. layers.SelectMany(ContentsOf).Select(c => c.Key)];

    private long Sum(IEnumerable<ObjectKey> objects) => objects.Sum(o => _sizes.GetValueOrDefault(o));

    /// <summary>The blocks of a tree, without files that have another name elsewhere, and without what is mounted in
    /// it.</summary>
    private static long OwnBytes(string directory)
    {
        if (!Directory.Exists(directory) || new FileInfo(directory).LinkTarget is not null)
        {
            return 0;
        }

        long bytes = 0;
        FileIdentity fileSystem = FileIdentity.FileSystemOf(directory);
        EnumerationOptions all = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        Stack<string> left = new([directory]);
        while (left.TryPop(out string? inner))
        {
            bytes += BlocksOf(inner).Bytes;
            foreach (FileSystemInfo entry in new DirectoryInfo(inner).EnumerateFileSystemInfos("*", all))
            {
                bool isLink = entry.LinkTarget is not null;
                if (entry is DirectoryInfo && !isLink)
                {
                    if (FileIdentity.FileSystemOf(entry.FullName) == fileSystem)
                    {
                        left.Push(entry.FullName);
                    }
                }
                else if (BlocksOf(entry.FullName) is { Names: 1 } alone)
                {
                    bytes += alone.Bytes;
                }
            }
        }

        return bytes;
    }

    private static Blocks BlocksOf(string file)
    {
        using SafeFileHandle handle = Libc.open(file, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        return
            !handle.IsInvalid
            && Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? new Blocks((long)stat.stx_blocks * BlockBytes, stat.stx_nlink)
            : default;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Blocks(long Bytes, uint Names);
}
