// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.Render.HostFiles;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Rights.Assessment;

/// <summary>The rights of a container as it would be, or of a deployment as it is.</summary>
sealed class ContainerRights(Host host)
{
    private const int MaxTextBytes = 1 << 20;
    private const string CapabilityXattr = "security.capability";

    /// <summary>Every right that comes of what an image puts on its host, each once, in the order of
    /// <see cref="RightClasses"/>.</summary>
    public static IReadOnlyList<Right> Of(RightsSubject subject) => Of(subject, ConfigRights.Of(subject));

    /// <summary>The same for whoever has those of its config.json already.</summary>
    public static IReadOnlyList<Right> Of(RightsSubject subject, IEnumerable<Right> ofConfig) =>
        RightClasses.Sorted(
            HostFileRights
                .Of(subject)
                .Concat(TmpfilesRights.Of(subject))
                .Concat(ofConfig)
                .Concat(UnitRights.Of(subject))
        );

    /// <summary>Those of a container in memory.</summary>
    /// <param name="before">The deployment that it replaces: what that has on the host is the container's own.</param>
    /// <param name="once">It runs once: none of its units is installed.</param>
    public RightsSubject Subject(PreparedContainer container, ContainerRecord? before, bool once = false) =>
        Common(container.Record, before) with
        {
            Destination = container.Directory.OnHost,
            Units = once
                ? []
                : [.. container.Rendered.Units.Where(u => !IsDropIn(u.FileName)).Select(u => (u.FileName, u.Text))],
            Tmpfiles = container.Tmpfiles?.Text,
            Config = container.Rendered.Config?.Root,
            HostFiles = Files(container.HostFiles, container.Files),
        };

    /// <summary>
    /// Those of a deployment on disk: as they were recorded, and as today's rules find them in what it keeps, so that
    /// neither an installation of an older sysctr nor a new rule makes an update look like a gain.
    /// </summary>
    public IReadOnlyList<Right> OfDeployment(ContainerRecord record)
    {
        try
        {
            return RightClasses.Sorted([.. record.Rights ?? [], .. Of(Subject(record))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            host.Note(
                $"{record.Name}: warning: reading what deployment {record.Deployment} has on the host: {e.Message}"
            );
            return record.Rights ?? [];
        }
    }

    /// <summary>Whether a deployment has a container at all, and not only files for the host.</summary>
    public bool HasContainer(ContainerRecord record) =>
        File.Exists(host.Deployment(record.Name, record.Deployment).ConfigFile) || record.ConfigDigest is not null;

    /// <summary>Files of an image, as they are judged.</summary>
    public static IReadOnlyList<RightsFile> Files(IReadOnlyList<HostFile> files, IImageFiles image) =>
        [
            .. files
                .Where(f => f.Kind != ImageFileKind.Directory)
                .Select(f => new RightsFile(
                    f.Target,
                    f.Mode,
                    f.Uid,
                    f.LinkTarget,
                    f.Xattrs.FirstOrDefault(x => Encoding.UTF8.GetString(x.Name) == CapabilityXattr)?.Value,
                    () => Text(HostFileSet.Content(f, image))
                )),
        ];

    private RightsSubject Subject(ContainerRecord record)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        return Common(record, record) with
        {
            Destination = directory.OnHost,
            Units =
            [
                .. record
                    .Units.Where(u => !IsDropIn(u.Path))
                    .Select(u => (Path.GetFileName(u.Path), Kept(directory, u))),
            ],
            Tmpfiles = record.Tmpfiles is { } tmpfiles ? Kept(directory, tmpfiles) : null,
            Config = RegularFile.Find(directory.ConfigFile) is { } json
                ? JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = 512 })
                : null,
            HostFiles =
            [
                .. record.HostFiles.Select(f => new RightsFile(
                    f.Path,
                    f.Mode,
                    f.Uid,
                    new FileInfo(directory.KeptFile(f.Path)).LinkTarget,
                    f.Xattrs.FirstOrDefault(x => x.Name == CapabilityXattr) is { } capability
                        ? Convert.FromBase64String(capability.Value)
                        : null,
                    () => Kept(directory, f)
                )),
            ],
        };
    }

    private RightsSubject Common(ContainerRecord record, ContainerRecord? before)
    {
        HashSet<string> own = [.. (before?.AllFiles ?? []).Select(f => HostPlaces.Normal(f.Path))];
        return new RightsSubject
        {
            Name = record.Name,
            Destination = "",
            Values = record.Values,
            Runtime = record.Runtime,
            HostDirectories = record.HostDirectories,
            ListenHelper = ToolPaths.ListenHelper,
            RemoteRootfs = record.RemoteRootfs,
            Home = host.User?.Home,
            Resolve = Resolved,
            IsThere = path => !own.Contains(path) && HostFileFacts.IsThere(host.Here(path)),
        };
    }

    /// <summary>A path of the host without links, the last part's too. One that leads in circles leads
    /// nowhere.</summary>
    private string Resolved(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return path;
        }

        try
        {
            // Below a root the link in the last part is left alone; as the last but one it is followed.
            return host.Root == "/" ? RealPath.Of(path) : "/" + host.Here(path + "/x")[host.Root.Length..^1].Trim('/');
        }
        catch (IOException)
        {
            return path;
        }
    }

    /// <summary>Drop-ins among a container's units are sysctr's own.</summary>
    private static bool IsDropIn(string unit) => unit.EndsWith(".conf", StringComparison.Ordinal);

    private static string Kept(DeploymentDirectory directory, InstalledFile file)
    {
        string path = directory.KeptFile(file.Path);
        return RegularFile.Find(path) is { } text ? Text(text) : "";
    }

    private static string Text(byte[] content) => content.Length > MaxTextBytes ? "" : Encoding.UTF8.GetString(content);
}
