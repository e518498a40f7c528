// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// A root that the payload may write to (--writable): an overlay over the checkout, which is links into the store and
/// stays read-only. What is written is in memory, charged to the unit and gone with the run, or below the container's
/// state directory. config.json on disk says <c>readonly</c>: whoever starts it without this gives nothing away. Of
/// what runs once the author's may let it write; then the start is told where to.
/// </summary>
static class WritableRoot
{
    private const string Memory = "memory";
    private const string Root = "root";

    /// <summary>Beside the mapped checkout, over which it lies.</summary>
    private const string Top = "top";

    /// <summary>Kept in memory.</summary>
    public const string Volatile = "volatile";

    private const string Upper = "upper";

    private const string Work = "work";

    /// <summary>Whether what is written stays.</summary>
    /// <param name="document">config.json.</param>
    public static bool IsKept(JsonObject document) =>
        StartAnnotations.Lines(document, StartAnnotations.Writable) is [not Volatile, ..];

    /// <summary>Mounts it for one start.</summary>
    /// <param name="document">config.json of this start, <c>root.path</c> absolute.</param>
    /// <param name="bundle">Its directory.</param>
    /// <param name="changes">Where what is written goes, where the document does not say it; null for a root that
    /// nobody writes to.</param>
    /// <param name="mapped">Where a root in a user namespace reaches it; null where it has none.</param>
    /// <exception cref="SysctrException">Host: it can't be mounted.</exception>
    public static void Mount(JsonObject document, string bundle, string? changes = null, MappedPlace? mapped = null)
    {
        if ((Asked(document) ?? changes) is not { } kept)
        {
            return;
        }

        JsonObject root = document["root"]!.AsObject();
        string lower = root["path"]!.GetValue<string>();
        string place = mapped is null ? Path.Join(bundle, Root) : Path.Join(mapped.Path, Top);
        string layer = MakeChanges(kept, bundle, File.GetUnixFileMode(lower), mapped);
        Make(place);
        Call(
            "mount",
            "-t",
            "overlay",
            "-o",
            $"lowerdir={Option(lower)},upperdir={Option(Path.Join(layer, Upper))},workdir={Option(Path.Join(layer, Work))}",
            "sysctr",
            place
        );
        root["path"] = place;
        root["readonly"] = false;
    }

    /// <summary>The same for a tree that is an overlay itself: changes are a layer of that one, for the kernel stacks
    /// no further.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="bundle">Its directory.</param>
    /// <param name="tree">Whose metadata is mounted.</param>
    /// <param name="changes">As for <see cref="Mount"/>.</param>
    /// <exception cref="SysctrException">Host: it can't be mounted.</exception>
    public static void Complete(JsonObject document, string bundle, ComposefsMount tree, string? changes = null)
    {
        if ((Asked(document) ?? changes) is not { } kept)
        {
            tree.Complete();
            return;
        }

        tree.Complete(Option(MakeChanges(kept, bundle, tree.RootMode)));
        document["root"]!["readonly"] = false;
    }

    /// <summary>Lets a start make places in the root, and hooks write there, where the payload may not: in memory, for
    /// the tree is shared.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="changes">As for <see cref="Mount"/>.</param>
    /// <returns>Whether nobody else writes to the root, which is read-only again for the payload then.</returns>
    public static bool IsForStartAlone(JsonObject document, string? changes) =>
        changes is null && Asked(document) is null && document["root"]?["readonly"]?.ToString() == "true";

    private static string? Asked(JsonObject document) =>
        StartAnnotations.Lines(document, StartAnnotations.Writable) is [var kept, ..] ? kept : null;

    /// <summary>The directory of what is written, with the two that an overlay wants.</summary>
    private static string MakeChanges(string kept, string bundle, UnixFileMode rootMode, MappedPlace? mapped = null)
    {
        string changes = kept == Volatile ? Path.Join(bundle, Memory) : kept;
        if (kept == Volatile)
        {
            Make(changes);
            Call("mount", "-t", "tmpfs", "-o", "mode=0700,nosuid,nodev", "sysctr", changes);
        }
        else
        {
            Make(Path.GetDirectoryName(changes)!);
            PrivateDirectory.Make(changes);
        }

        string upper = Path.Join(changes, Upper);
        if (!Directory.Exists(upper))
        {
            // An overlay's root has the mode of the upper one.
            Make(upper);
            File.SetUnixFileMode(upper, rootMode);
            if (mapped is not null)
            {
                mapped.Give(upper);
            }
        }

        Make(Path.Join(changes, Work));
        return changes;
    }

    /// <summary>Takes away what a start has mounted, or an earlier one has left.</summary>
    /// <param name="bundle">Its directory.</param>
    public static void Unmount(string bundle)
    {
        string[] places = [Path.Join(bundle, Root), Path.Join(bundle, Memory)];

        // Of a unit with mounts of its own they are gone with it; of most containers there is no such place.
        if (places.Any(Directory.Exists))
        {
            MountTable.Detach(p => places.Contains(p, StringComparer.Ordinal));
        }
    }

    private static void Make(string directory) =>
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>A path as mount(8) and overlayfs take it apart.</summary>
    private static string Option(string path) =>
        path.AsSpan().IndexOfAny(",:\\\"") < 0
            ? path
            : throw new SysctrException(
                ErrorKind.Usage,
                $"mounting {path}: an option of mount(8) can't name it",
                "give it a path without , : \\ \""
            );

    private static void Call(params string[] command)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardError = true }
        )!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"making a root that can be written to: {said.Trim()}",
                "the kernel needs overlayfs; 'sysctr update --writable no NAME' goes without"
            );
        }
    }
}
