// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>Lines for the container's own directories (<see cref="OwnPlaces"/>), where nearly all that tmpfiles.d(5)
/// knows is allowed, but where the payload may have put links.</summary>
/// <param name="request">Name, host and the image's files.</param>
/// <param name="own">Those directories.</param>
/// <param name="binds">What config.json binds into the container: the payload may write there.</param>
/// <param name="told">Gets what is left out.</param>
sealed partial class OwnTmpfiles(RenderRequest request, OwnPlaces own, IReadOnlyList<string> binds, TmpfilesNotes told)
{
    private const int Setuid = 0b100_000_000_000;
    private const int SetIds = 0b110_000_000_000;

    private readonly List<OnceLine> _once = [];

    /// <summary>What is done when the deployment comes into use, and never at a boot.</summary>
    public IReadOnlyList<OnceLine> Once => _once;

    /// <summary>A line as it may stand; null where it is left out, or done once.</summary>
    /// <param name="line">Its path is <paramref name="root"/> or below it.</param>
    /// <param name="root">A directory of the container's own.</param>
    /// <exception cref="SysctrException">Unsafe: what it would do.</exception>
    public TmpfilesLine? Admitted(TmpfilesLine line, string root)
    {
        int depth = HostPath.Parts(line.Path).Length - HostPath.Parts(root).Length;
        if (line.HasPattern)
        {
            // A pattern may have names with slashes in braces, and one that begins with a dot meets "..".
            string name = line.Path[(line.Path.LastIndexOf('/') + 1)..];
            if (depth != 1 || name.StartsWith('.') || line.Path.AsSpan().IndexOfAny("{\\") >= 0)
            {
                return told.LeftOut(line, "is a pattern for more than the names in a directory of the container");
            }
        }

        if (IsInPayloadsHands(line.Path))
        {
            if (!line.IsDirectory)
            {
                return told.LeftOut(line, "is below a directory that the payload writes to, and may be a link by then");
            }

            TmpfilesLine made = Safe(line with { Type = 'd', Modifiers = "", Age = TmpfilesLine.None });
            _once.Add(new OnceLine(root, made.ToString()));

            // Not even with !, for boot alone: a soft reboot (systemd-soft-reboot.service(8)) keeps /run with all that
            // a payload has put there.
            if (own.RunBases.Any(b => HostPath.IsBelow(line.Path, b)))
            {
                told.Warn(
                    line,
                    $"{line.Path} is made when the deployment comes into use; after a reboot the payload, which writes to the directory above it, has to make it"
                );
            }

            return null;
        }

        switch (line.Type)
        {
            case 'w':
            case 'e' when depth > 0:
                return told.LeftOut(
                    line,
                    "may be a link of the payload's by then, which systemd-tmpfiles would follow"
                );
            case 'L':
                CheckTarget(line, root);
                break;
            case 't'
            or 'T'
                when line.Argument is not { } argument
                    || argument
                        .Split(' ')
                        .Any(a => !a.TrimStart('"', '\'').StartsWith("user.", StringComparison.Ordinal)):
                throw told.Unsafe(line, "it would set an attribute that means something to the kernel");
            case 'h' or 'H' when line.Argument is not { } flags || !Attributes().IsMatch(flags):
                throw told.Unsafe(
                    line,
                    "it would set a file attribute that keeps the container's files from being changed or removed"
                );
            default:
                break;
        }

        line = line.Type == 'C' ? Copy(line) : Safe(line);

        // A directory whose author does not say is entered by nobody else.
        return (line.IsDirectory || line.Type == 'C') && depth == 0 && line.Mode == TmpfilesLine.None
            ? line with
            {
                Mode = "0700",
            }
            : line;
    }

    /// <summary>A file of the payload's in a directory that others enter must not become a program that runs as its
    /// owner.</summary>
    private TmpfilesLine Safe(TmpfilesLine line)
    {
        int forbidden = line.IsDirectory ? Setuid : SetIds;
        if (line.ModeBits is not { } mode || (mode & forbidden) == 0)
        {
            return line;
        }

        told.Warn(line, $"{line.Path} gets no set-user-ID and set-group-ID bits");
        return line.WithMode(mode & ~forbidden);
    }

    private void CheckTarget(TmpfilesLine line, string root)
    {
        string target =
            line.Argument is null ? ""
            : line.Argument.StartsWith('/') ? line.Argument
            : $"{line.Path[..line.Path.LastIndexOf('/')]}/{line.Argument}";
        if (
            line.Path == root
            || target.Length == 0
            || HostPath.LeadsUpwards(target)
            || own.RootOf(HostPath.WithoutVarRun(HostPath.Absolute(target))) is null
        )
        {
            throw told.Unsafe(
                line,
                $"it would link {line.Path} to {line.Argument ?? "the factory's file"}, which is not the container's"
            );
        }
    }

    private TmpfilesLine Copy(TmpfilesLine line)
    {
        string rootfs = request.DestinationDirectory + "/rootfs";
        string source = HostPath.Absolute(line.Argument ?? "");
        ImageFile? found =
            source == rootfs || HostPath.IsBelow(source, rootfs)
                ? request.Files.Find(source == rootfs ? "/" : source[rootfs.Length..])
                : null;
        if (found is null)
        {
            throw told.Unsafe(
                line,
                $"it would copy {line.Argument ?? "the factory's file"}, which is not in the image ($DESTDIR/rootfs)"
            );
        }

        return HasPrivileged(found, depth: 0)
            ? throw told.Unsafe(line, $"it would copy set-user-ID files or devices to {line.Path}")
            : Safe(line with { Argument = rootfs + (found.Path == "/" ? "" : found.Path) });
    }

    private bool HasPrivileged(ImageFile file, int depth) =>
        file.Kind switch
        {
            ImageFileKind.Regular => (file.Mode & SetIds) != 0,
            ImageFileKind.Special => true,
            ImageFileKind.Directory when depth > 100 => true,
            ImageFileKind.Directory => request
                .Files.List(file.Path)
                .Any(name =>
                    request.Files.FindNoFollow($"{file.Path.TrimEnd('/')}/{name}") is { } below
                    && HasPrivileged(below, depth + 1)
                ),
            _ => false,
        };

    /// <summary>Whether the payload may have replaced a part of the path before the last one.</summary>
    private bool IsInPayloadsHands(string path) =>
        HostPath.Parent(path) is var parent && binds.Any(b => HostPath.IsBelow(parent, b) && own.RootOf(b) is not null);

    [GeneratedRegex(@"^[+=-]?[ACDScdsu]+\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex Attributes();
}
