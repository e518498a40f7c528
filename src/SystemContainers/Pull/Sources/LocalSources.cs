// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>The places on this host that have images.</summary>
static class LocalSources
{
    /// <summary>Opens what a reference names that is no registry's.</summary>
    /// <exception cref="Errors.SysctrException">NotFound, Unreachable, Corrupt, Unsafe, Storage.</exception>
    public static async Task<IImageSource> OpenAsync(
        ImageReference reference,
        PullOptions options,
        CancellationToken cancellation
    )
    {
        string doing = $"reading {reference}";
        return reference.Transport switch
        {
            ImageTransport.OciLayout => new LayoutSource(reference, new LayoutDirectory(reference.FilePath, doing)),
            ImageTransport.OciArchive => new LayoutSource(reference, new LayoutArchive(await FileAsync(), doing)),
            ImageTransport.DockerArchive => new DockerArchiveSource(await FileAsync(), reference),
            ImageTransport.DockerDaemon => new DockerArchiveSource(
                await DockerDaemon.SaveAsync(reference, options, cancellation),
                reference
            ),
            ImageTransport.Directory => new DirectorySource(reference, new LayoutDirectory(reference.FilePath, doing)),
            ImageTransport.Builtin => new BuiltinSource(reference),
            _ => throw new ArgumentException("a registry is not of this host", nameof(reference)),
        };

        Task<ArchiveFile> FileAsync() => ArchiveFile.OpenAsync(reference.FilePath, doing, options, cancellation);
    }
}
