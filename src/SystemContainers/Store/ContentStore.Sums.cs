// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull.Chunked;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>
/// What is known of objects by their contents alone: <c>sums/HEX</c> beside the index of a layer that came with a table
/// of contents. Only a hint, so it is neither missed nor repaired: what is not there, or not what it was, is fetched.
/// </summary>
sealed partial class ContentStore : ILayerContents
{
    /// <summary>How many places of one content are known.</summary>
    private const int MaxPlaces = 4;

    /// <inheritdoc/>
    public ILayerContents Contents => this;

    bool ILayerContents.HasAny => SumFiles().Length > 0 || (Below as ILayerContents)?.HasAny == true;

    IFoundContents ILayerContents.Find(IReadOnlySet<ContentSum> wanted)
    {
        Dictionary<ContentSum, (ObjectKey, long)[]> places = [];
        for (ContentStore? store = this; store is not null; store = store.Below)
        {
            store.AddPlaces(wanted, places);
        }

        return new StoreContents(this, places);
    }

    void ILayerContents.Keep(Digest diffId, Toc toc)
    {
        try
        {
            IReadOnlyList<TocChunk>[] files = [.. toc.Files.Where(f => f.Size > 0).Select(f => f.Chunks)];
            long[] sizes = [.. ReadLayer(diffId).Entries.Where(HasObject).Select(e => e.Size)];
            if (sizes.SequenceEqual(files.Select(f => f.Sum(c => c.Size))))
            {
#pragma warning disable RS0030 // Commit makes it durable, with the layer.
                using FileStream file = File.Create(StagedSums(diffId));
#pragma warning restore RS0030
                LayerSums.Write(file, files);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SysctrException)
        {
            // Without it the layer is whole, too.
        }
    }

    /// <summary>Gives the sums of a staged layer, where it has some, their name: after the index, without which they
    /// mean nothing.</summary>
    private void PublishSums(Digest diffId)
    {
        try
        {
            if (File.Exists(StagedSums(diffId)))
            {
                MakeSums();
                DurableFile.Move(StagedSums(diffId), SumsPath(diffId));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The layer has its name, and is whole without it.
        }
    }

    /// <summary>Removes the sums of all layers but those named.</summary>
    private void PruneSums(HashSet<string> layers)
    {
        foreach (string file in SumFiles().Where(f => !layers.Contains(Path.GetFileName(f))))
        {
            Remove(file);
        }
    }

    /// <summary>Takes over the sums of a layer that was taken over.</summary>
    private void TakeSums(ContentStore other, Digest diffId)
    {
        if (File.Exists(other.SumsPath(diffId)))
        {
            MakeSums();
            DurableFile.Move(other.SumsPath(diffId), SumsPath(diffId));
        }
    }

    private void AddPlaces(IReadOnlySet<ContentSum> wanted, Dictionary<ContentSum, (ObjectKey, long)[]> places)
    {
        foreach (string file in SumFiles())
        {
            try
            {
                string hex = Path.GetFileName(file);
                if (
                    Digest.TryParse($"sha{hex.Length * 4}:{hex}", out Digest diffId)
                    && HasLayer(diffId)
                    && LayerSums.Read(RegularFile.ReadAll(file)) is { } known
                )
                {
                    // One of each layer, so that one that lies takes no more than one place.
                    AddPlaces(diffId, [.. known.Where(k => wanted.Contains(k.Sum)).DistinctBy(k => k.Sum)], places);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or SysctrException)
            {
                // Removed meanwhile, or altered.
            }
        }
    }

    private void AddPlaces(Digest diffId, List<KnownChunk> known, Dictionary<ContentSum, (ObjectKey, long)[]> places)
    {
        int next = 0;
        int file = 0;
        foreach (LayerEntry entry in known.Count == 0 ? [] : StreamLayer(diffId).Where(HasObject))
        {
            for (; next < known.Count && known[next].File == file; next++)
            {
                if (known[next].Offset + known[next].Size <= entry.Size)
                {
                    AddPlace(known[next].Sum, (entry.Object, known[next].Offset), places);
                }
            }

            file++;
        }
    }

    /// <summary>A few for each: the first may be of a layer whose author said what is not so.</summary>
    private static void AddPlace(
        ContentSum sum,
        (ObjectKey, long) place,
        Dictionary<ContentSum, (ObjectKey, long)[]> places
    )
    {
        if (!places.TryGetValue(sum, out (ObjectKey, long)[]? all))
        {
            places[sum] = [place];
        }
        else if (all.Length < MaxPlaces && !all.Contains(place))
        {
            places[sum] = [.. all, place];
        }
    }

    private void MakeSums()
    {
        if (!Directory.Exists(Path.Join(_root, "sums")))
        {
            FaultPoint.Pass("mkdir");
            Directory.CreateDirectory(Path.Join(_root, "sums"), OwnerOnly);
        }
    }

    private string[] SumFiles() =>
        Directory.Exists(Path.Join(_root, "sums")) ? Directory.GetFiles(Path.Join(_root, "sums")) : [];

    private string SumsPath(Digest diffId) => Path.Join(_root, "sums", LayerFileName(diffId));

    private string StagedSums(Digest diffId) => _staging.Value.LayerPath(diffId) + ".sums";
}
