// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Oci;
using SystemContainers.Settings;
using SystemContainers.Templates;

namespace SystemContainers.Render.Spec;

/// <summary>
/// Finds what a runtime would have to make in the read-only tree: the places that config.json mounts on, and the
/// directory that it starts in, as far as the image lacks them.
/// </summary>
static class MountPoints
{
    // As many symbolic links as the kernel follows in one path (path_resolution(7)).
    private const int MaxLinks = 40;

    private const int DirectoryMode = 0b111_101_101; // rwxr-xr-x
    private const int FileMode = 0b110_100_100; // rw-r--r--

    /// <summary>The missing paths, parents before what is in them.</summary>
    public static IReadOnlyList<RequiredMount> Missing(
        RuntimeConfigFile config,
        IImageFiles files,
        Func<string, bool?> isHostDirectory
    )
    {
        SortedDictionary<string, RequiredMount> missing = new(StringComparer.Ordinal);
        List<string> mounted = [];
        foreach (RuntimeConfigFile.Mount mount in config.Mounts)
        {
            string place = Resolve(files, mount.Destination);
            bool isDirectory = !mount.IsBind || (!IsOurFile(mount.Source) && IsDirectory(mount.Source));
            Require(new RequiredMount(place, isDirectory, mount.Mode ?? (isDirectory ? DirectoryMode : FileMode)));
            mounted.Add(place);
        }

        foreach (
            string file in config
                .Annotation(StartAnnotations.Secrets)
                .Select(s => SecretSetting.Parse(s).File)
                .OfType<string>()
        )
        {
            Require(new RequiredMount(Resolve(files, file), IsDirectory: false, FileMode));
        }

        Require(Directory(Resolve(files, config.WorkingDirectory)));
        return [.. missing.Values];

        // Of what comes with a boot only the name tells what it will be.
        bool IsDirectory(string source) => isHostDirectory(source) ?? !BootPaths.LooksLikeFile(source);

        void Require(RequiredMount required)
        {
            string place = required.Path;
            // Below something that is mounted before, the runtime makes it there and not in our tree.
            if (
                place == "/"
                || mounted.Any(m => place == m || HostPath.IsBelow(place, m))
                || files.Find(place) is not null
            )
            {
                return;
            }

            string[] parts = HostPath.Parts(place);
            for (int count = 1; count < parts.Length; count++)
            {
                string parent = "/" + string.Join('/', parts[..count]);
                if (files.Find(parent) is null)
                {
                    missing.TryAdd(parent, Directory(parent));
                }
            }

            missing[place] = required;
        }
    }

    /// <summary>What sysctr itself binds in, and is not there before the container is: the socket for notifications,
    /// sysctr-listen, and the files of names.</summary>
    private static bool IsOurFile(string source) =>
        (
            source.StartsWith("/run/sysctr/", StringComparison.Ordinal)
            && source.EndsWith("/notify", StringComparison.Ordinal)
        )
        || source.EndsWith("/sysctr-listen", StringComparison.Ordinal)
        || Network.NameFiles.IsPath(source);

    private static RequiredMount Directory(string path) => new(path, IsDirectory: true, DirectoryMode);

    /// <summary>Where a path leads inside the image, links followed also where they point to nothing yet, as runtimes
    /// do.</summary>
    private static string Resolve(IImageFiles files, string path)
    {
        List<string> done = [];
        Stack<string> todo = new(HostPath.Parts(path).Reverse());
        int links = 0;
        while (todo.TryPop(out string? part))
        {
            if (part == "..")
            {
                done.RemoveRange(Math.Max(0, done.Count - 1), Math.Min(1, done.Count));
                continue;
            }

            string here = "/" + string.Join('/', done.Append(part));
            if (files.FindNoFollow(here) is not { Kind: ImageFileKind.Symlink, LinkTarget: { } target })
            {
                done.Add(part);
                continue;
            }

            if (++links > MaxLinks)
            {
                throw TemplateErrors.Unsafe(path, "its symbolic links do not end");
            }

            if (target.StartsWith('/'))
            {
                done.Clear();
            }

            foreach (string next in HostPath.Parts(target).Reverse())
            {
                todo.Push(next);
            }
        }

        return "/" + string.Join('/', done);
    }
}
