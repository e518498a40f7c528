// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Unicode;
using SystemContainers.Linux.Files;
using SystemContainers.Prepared;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Inspect.Diff;

/// <summary>
/// A deployment to be compared with another one, on disk or prepared in memory: what it writes as text, and the image's
/// files. Its own directory is written <c>$DESTDIR</c> and its tree's digest <c>$TREE</c>, for they differ in any case,
/// and what of the tree differs is told file by file.
/// </summary>
/// <param name="Label">How it is called in a comparison: its number, or "new".</param>
/// <param name="Record">What is known of it.</param>
/// <param name="Texts">By path: units, drop-ins, tmpfiles, host files, and <c>config.json</c>. A file that is no text
/// is a line that describes it.</param>
/// <param name="Tree">Builds the image's files; null where they are somebody else's.</param>
sealed record DeploymentView(
    string Label,
    ContainerRecord Record,
    IReadOnlyDictionary<string, string> Texts,
    Func<MergedTree>? Tree
)
{
    /// <summary>The name of the runtime's configuration among <see cref="Texts"/>.</summary>
    public const string Configuration = "config.json";

    private const int MaxTextBytes = 1 << 20;

    /// <summary>One that is on disk.</summary>
    public static DeploymentView Of(Host host, ContainerRecord record)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        SortedDictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (InstalledFile file in record.AllFiles)
        {
            string kept = directory.KeptFile(file.Path);
            texts[file.Path] =
                new FileInfo(kept).LinkTarget is { } target ? $"link to {target}\n"
                : RegularFile.Find(kept) is { } content ? Text(directory, record, content)
                : "";
        }

        string config = Path.Join(directory.Here, Configuration);
        if (RegularFile.Find(config) is { } document)
        {
            texts[Configuration] = Text(directory, record, document);
        }

        return new DeploymentView(
            record.Deployment.ToString(),
            record,
            texts,
            record.RemoteRootfs is null ? () => MergedTree.Build(host.OpenStore(), record.DiffIds) : null
        );
    }

    /// <summary>One that would be.</summary>
    public static DeploymentView Of(PreparedContainer container)
    {
        DeploymentDirectory directory = container.Directory;
        SortedDictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (HostText text in container.UnitFiles.Concat(container.Tmpfiles is { } tmpfiles ? [tmpfiles] : []))
        {
            texts[text.Path] = Text(directory, container.Record, Encoding.UTF8.GetBytes(text.Text));
        }

        foreach (
            Render.HostFiles.HostFile file in container.HostFiles.Where(f => f.Kind != Oci.ImageFileKind.Directory)
        )
        {
            texts[file.Target] = file.LinkTarget is { } target
                ? $"link to {target}\n"
                : Text(directory, container.Record, HostFileSet.Content(file, container.Files));
        }

        if (container.Rendered.ConfigJson is { } config)
        {
            texts[Configuration] = Text(directory, container.Record, config);
        }

        return new DeploymentView("new", container.Record, texts, container.Tree is { } tree ? () => tree : null);
    }

    private static string Text(DeploymentDirectory directory, ContainerRecord record, byte[] content)
    {
        if (content.Length > MaxTextBytes || !Utf8.IsValid(content) || content.AsSpan().Contains((byte)0))
        {
            return $"{content.Length} bytes that are no text, {Oci.Digest.Sha256(content)}\n";
        }

        string text = DestinationMask.Apply(Encoding.UTF8.GetString(content), directory.OnHost);
        return record.Composefs is { Length: > 0 } tree ? text.Replace(tree, "$TREE", StringComparison.Ordinal) : text;
    }
}
