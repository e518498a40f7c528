// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Prepared;
using SystemContainers.State;
using SystemContainers.Templates;

namespace SystemContainers.Rights.Assessment;

/// <summary>All that an image puts on its host, as far as rights can come of it; of a container in memory or of a
/// deployment on disk.</summary>
sealed record RightsSubject
{
    // A copy with other files has other links.
    private ILookup<string, string>? _links;
    private (IReadOnlyList<RightsFile> Files, string? Tmpfiles) _linksOf;

    /// <summary>The container's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its own units by file name, without the drop-ins that sysctr writes.</summary>
    public IReadOnlyList<(string FileName, string Text)> Units { get; init; } = [];

    /// <summary>The image's own files for the host.</summary>
    public IReadOnlyList<RightsFile> HostFiles { get; init; } = [];

    /// <summary>Directories that are made for these files.</summary>
    public IReadOnlyList<InstalledDirectory> HostDirectories { get; init; } = [];

    /// <summary>Its tmpfiles.d(5) lines; null for none.</summary>
    public string? Tmpfiles { get; init; }

    /// <summary>config.json as the runtime gets it; null where there is no container.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>The values of the template variables, for the commands that are the container's and for what differs
    /// between deployments.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the deployment is, as the host sees it.</summary>
    public required string Destination { get; init; }

    /// <summary>Path of the OCI runtime.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>sysctr-listen, which sysctr itself binds into containers.</summary>
    public string ListenHelper { get; init; } = "";

    /// <summary>The directory given with <c>--rootfs</c>; null for none.</summary>
    public string? RemoteRootfs { get; init; }

    /// <summary>The home of the user that it belongs to; null for the system's.</summary>
    public string? Home { get; init; }

    /// <summary>The same path without links, as the host has it.</summary>
    public Func<string, string> Resolve { get; init; } = path => path;

    /// <summary>Whether the host has something there that is not this container's.</summary>
    public Func<string, bool> IsThere { get; init; } = _ => false;

    /// <summary>The words of a unit or a configuration without what any two deployments differ in.</summary>
    public string Masked(string text)
    {
        string masked = DestinationMask.Apply(text, Destination);
        foreach (string variable in (string[])["IMAGE_ID", "IMAGE_NAME"])
        {
            masked = Values.GetValueOrDefault(variable) is { Length: > 0 } value
                ? masked.Replace(value, "$" + variable, StringComparison.Ordinal)
                : masked;
        }

        return masked.ReplaceLineEndings(" ");
    }

    /// <summary>Every name of the host that a path may have: as it is written, with the links that the image itself
    /// brings, and as the host resolves it.</summary>
    public IReadOnlyList<string> NamesOf(string path)
    {
        HashSet<string> names = [HostPlaces.Normal(path)];
        Queue<string> left = new(names);
        // An image that leads in circles gets no further than this.
        for (int turn = 0; turn < 100 && left.TryDequeue(out string? name); turn++)
        {
            foreach ((string link, string target) in LinksOn(name))
            {
                string led = HostPlaces.Normal(
                    (target.StartsWith('/') ? target : Path.GetDirectoryName(link) + "/" + target) + name[link.Length..]
                );
                if (names.Add(led))
                {
                    left.Enqueue(led);
                }
            }
        }

        names.UnionWith(names.Select(n => HostPlaces.Normal(Resolve(n))).ToArray());
        return [.. names];
    }

    /// <summary>The same for a file that is put there: a link in the last part of its path is replaced and not
    /// followed.</summary>
    public IEnumerable<string> PlacesOf(string path)
    {
        string normal = HostPlaces.Normal(path);
        return normal == "/"
            ? [normal]
            : NamesOf(Path.GetDirectoryName(normal)!)
                .Select(d => HostPlaces.Normal($"{d}/{Path.GetFileName(normal)}"))
                .Distinct(StringComparer.Ordinal);
    }

    /// <summary>Whether a path is named after the container, where every service has a directory of its own.</summary>
    public bool IsOwn(string path)
    {
        string[] roots =
        [
            "/etc",
            "/run",
            "/var/lib",
            "/var/cache",
            "/var/log",
            "/srv",
            "/opt",
            "/usr/share",
            "/usr/lib",
            "/usr/local/share",
            "/usr/local/lib",
        ];
        string[] of = Home is null
            ? roots
            : [.. roots, $"{Home}/.config", $"{Home}/.local/share", $"{Home}/.cache", $"{Home}/.local/state"];
        return of.Any(root => path == $"{root}/{Name}" || HostPath.IsBelow(path, $"{root}/{Name}"))
            || (
                path.StartsWith("/run/user/", StringComparison.Ordinal)
                && HostPath.Parts(path) is [_, _, _, var own, ..]
                && own == Name
            );
    }

    /// <summary>The image's links that a path leads over: an image may have thousands, and a path has few
    /// parts.</summary>
    private IEnumerable<(string Link, string Target)> LinksOn(string path)
    {
        if (_links is null || !ReferenceEquals(_linksOf.Files, HostFiles) || _linksOf.Tmpfiles != Tmpfiles)
        {
            _links = HostFiles
                .Where(f => f.LinkTarget is not null)
                .Select(f => (Link: HostPlaces.Normal(f.Path), Target: f.LinkTarget!))
                .Concat(TmpfilesRights.Links(Tmpfiles))
                .ToLookup(l => l.Link, l => l.Target, StringComparer.Ordinal);
            _linksOf = (HostFiles, Tmpfiles);
        }

        for (int end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1))
        {
            foreach (string target in _links[path[..end]])
            {
                yield return (path[..end], target);
            }
        }
    }
}

/// <summary>A file that the image has for the host.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Mode">Permission bits, 0 to 07777.</param>
/// <param name="Uid">Owner.</param>
/// <param name="LinkTarget">The text of a symbolic link; null for a file.</param>
/// <param name="Capability">The value of security.capability; null for none.</param>
/// <param name="Read">Its content, where that is text and matters.</param>
sealed record RightsFile(string Path, int Mode, uint Uid, string? LinkTarget, byte[]? Capability, Func<string> Read);
