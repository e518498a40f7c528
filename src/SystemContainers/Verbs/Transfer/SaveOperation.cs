// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Pull.Options;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Transfer;

/// <summary>Images of the store in one OCI archive, for hosts without a network: each by its name, what they share
/// once.</summary>
sealed class SaveOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>Writes the archive. It gets its name when it is whole.</summary>
    /// <param name="images">What the user typed.</param>
    /// <exception cref="SysctrException">NotFound: the store does not have one; Usage: one has no name that it could be
    /// found by; as a push.</exception>
    public async Task<IReadOnlyList<TransferReport>> SaveAsync(
        IReadOnlyList<string> images,
        string file,
        PushOptions options,
        CancellationToken cancellation
    )
    {
        ImageNames names = new(host);
        ImageRecord[] records = [.. images.Select(i => names.Find(i)[0]).DistinctBy(r => r.Reference)];
        string path = Path.GetFullPath(file);
        (ImageRecord Record, string Name)[] named = [.. records.Select(r => (r, NameOf(r)))];
        await using OciArchiveDestination archive = new(new ArchiveWriter(path, $"writing {path}"), name: null);
        PushOperation push = new(host, progress, note);
        List<TransferReport> saved = [];
        foreach ((ImageRecord record, string name) in named)
        {
            saved.Add(
                await push.PushAsync(
                    record,
                    archive.ForImage(name),
                    $"oci-archive:{path}:{name}",
                    options,
                    cancellation
                )
            );
        }

        await archive.CompleteAsync(cancellation);
        return saved;
    }

    /// <summary>As podman, skopeo and others have it in <c>org.opencontainers.image.ref.name</c>.</summary>
    private static string NameOf(ImageRecord record)
    {
        ImageReference reference = ImageReference.Parse(record.Reference);
        return reference is { Transport: ImageTransport.Docker, Tag: not null }
            ? $"{reference.Name}:{reference.Tag}"
            : throw new SysctrException(
                ErrorKind.Usage,
                $"saving {record.Reference}: it has no name and tag by which it could be found again",
                $"give it one: sysctr images tag {record.ConfigDigest.Short} NAME:TAG"
            );
    }
}
