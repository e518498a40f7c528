// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Render.Request;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>Lines for what is not the container's: one may make a directory that is not there, root's, and nothing that
/// is there is changed, aged, emptied, overwritten, removed or linked to.</summary>
/// <param name="request">Name, host and what earlier deployments had.</param>
/// <param name="own">What is the container's, and what is beside it.</param>
/// <param name="lines">All lines of the file.</param>
/// <param name="told">Gets what is left out.</param>
sealed class ForeignTmpfiles(
    RenderRequest request,
    OwnPlaces own,
    IReadOnlyList<TmpfilesLine> lines,
    TmpfilesNotes told
)
{
    /// <summary>Directories that are there on every host and in which packages and people make their own.</summary>
    private static readonly string[] s_bases =
    [
        "/",
        "/etc",
        "/var",
        "/var/lib",
        "/var/log",
        "/var/cache",
        "/var/spool",
        "/var/opt",
        "/opt",
        "/srv",
        "/mnt",
        "/media",
        "/home",
        "/root",
        "/run",
        "/tmp",
        "/var/tmp",
    ];

    /// <summary>Set-user-ID, set-group-ID, and the right of others to write.</summary>
    private const int NotForeign = 0b110_000_010_010;

    /// <summary>A line as it may stand; null where it is left out.</summary>
    /// <exception cref="SysctrException">Unsafe: what it would do.</exception>
    public TmpfilesLine? Admitted(TmpfilesLine line) => line.IsDirectory ? Directory(line) : Other(line);

    private TmpfilesLine? Directory(TmpfilesLine line)
    {
        if (
            request.Host.IsDirectory(line.Path) is { } isDirectory
            && !request.GeneratedBefore.Contains(line.Path, StringComparer.Ordinal)
        )
        {
            if (line.Age != TmpfilesLine.None)
            {
                told.Warn(line, $"{line.Path} was there before: nothing that is old is removed from it");
            }

            if (line.Type == 'D')
            {
                told.Warn(line, $"{line.Path} was there before: it is never emptied");
            }

            if (
                !s_bases.Contains(line.Path, StringComparer.Ordinal)
                && (line.Mode, line.User, line.Group) != (TmpfilesLine.None, TmpfilesLine.None, TmpfilesLine.None)
            )
            {
                told.Warn(line, $"{line.Path} was there before: its owner and mode stay as they are");
            }

            return !isDirectory || s_bases.Contains(line.Path, StringComparer.Ordinal) ? null : Plain(line);
        }

        string parent = HostPath.Parent(line.Path);
        if (
            s_bases.Contains(parent, StringComparer.Ordinal)
            && OwnPlaces.IsSwitch(line.Path[(line.Path.LastIndexOf('/') + 1)..])
        )
        {
            throw told.Unsafe(line, $"{line.Path} means something to the host as soon as it is there");
        }

        CheckParents(line);
        if (line.Type == 'D' || line.Age != TmpfilesLine.None)
        {
            told.Warn(
                line,
                $"{line.Path} is not below a directory of the container's name: it is never emptied, and nothing that is old is removed from it"
            );
        }

        if (
            !IsRoots(line.User, request.Host.Uid)
            || !IsRoots(line.Group, request.Host.Gid)
            || (line.ModeBits & NotForeign) is > 0
        )
        {
            told.Warn(
                line,
                $"{line.Path} is not below a directory of the container's name: it is root's, and nobody else writes to it"
            );
        }

        if (!s_bases.Contains(parent, StringComparer.Ordinal))
        {
            // Whose the directories above are by the next boot is not ours to know: what is there then is left as it
            // is.
            return Plain(line);
        }

        string unsaid = own.Bases.Contains(parent, StringComparer.Ordinal) ? "0700" : TmpfilesLine.None;
        TmpfilesLine made = Plain(line) with
        {
            Mode = unsaid,
            User = line.User == TmpfilesLine.None ? TmpfilesLine.None : $"{request.Host.Uid}",
            Group = line.Group == TmpfilesLine.None ? TmpfilesLine.None : $"{request.Host.Gid}",
        };
        return line.ModeBits is { } mode ? made.WithMode(mode & ~NotForeign) : made;
    }

    private void CheckParents(TmpfilesLine line)
    {
        for (string parent = HostPath.Parent(line.Path); ; parent = HostPath.Parent(parent))
        {
            bool? isDirectory = request.Host.IsDirectory(parent);
            if (isDirectory is false || (isDirectory is true && !request.Host.IsRootsAlone(parent)))
            {
                throw told.Unsafe(
                    line,
                    $"{line.Path} would be made in {parent}, which others than root write to, or which is no directory"
                );
            }

            if (parent == "/")
            {
                return;
            }
        }
    }

    /// <summary>Only makes sure that the directory is there.</summary>
    private static TmpfilesLine Plain(TmpfilesLine line) =>
        new(line.Number, 'd', new string([.. line.Modifiers.Where(m => m is '!' or '-')]), line.Path);

    private bool IsRoots(string field, uint id) =>
        field.TrimStart(':') is TmpfilesLine.None or "" or "root" || field.TrimStart(':') == $"{id}";

    private TmpfilesLine? Other(TmpfilesLine line)
    {
        bool isThere = line.HasPattern || request.Host.IsDirectory(line.Path) is not null;
        string parent = HostPath.Parent(line.Path);
        switch (line.Type)
        {
            case 'f' when isThere && !line.Modifiers.Contains('+', StringComparison.Ordinal) && !WasMadeBefore(line):
                return told.LeftOut(line, "is there and not the container's: it stays as it is");

            // A name of the container's own, or an empty file such as a lock that several programs share.
            case 'f'
            or 'p'
                when (!isThere || WasMadeBefore(line))
                    && (
                        own.IsBeside(line.Path)
                        || (line is { Type: 'f', Argument: null } && own.Bases.Contains(parent, StringComparer.Ordinal))
                    )
                    && !OwnPlaces.IsMeaningful(line.Path[(line.Path.LastIndexOf('/') + 1)..]):
                int mode = line.ModeBits ?? (own.IsBeside(line.Path) ? 0x180 : 0x1a4);
                return (
                    line with
                    {
                        Modifiers = line.Modifiers.Replace("+", "", StringComparison.Ordinal),
                        User = $"{request.Host.Uid}",
                        Group = $"{request.Host.Gid}",
                        Age = TmpfilesLine.None,
                    }
                ).WithMode(mode & ~NotForeign);
            case 'r'
                when !line.HasPattern
                    && own.IsBeside(line.Path)
                    && (!isThere || WasMadeBefore(line))
                    && own.RunBases.Contains(parent, StringComparer.Ordinal):
                return line;
            case 'r' when !line.HasPattern:
            case 'x' or 'X':
            case 'z' or 'Z' or 'm' or 'e' when !line.HasPattern && lines.Any(l => l.IsDirectory && l.Path == line.Path):
                return told.LeftOut(line, "is not the container's: it stays as it is");
            default:
                throw told.Unsafe(
                    line,
                    $"it would make, change, overwrite or remove {line.Path}, which is not the container's"
                );
        }
    }

    /// <summary>The deployment before had a line of ours that makes the same thing.</summary>
    private bool WasMadeBefore(TmpfilesLine line) =>
        TmpfilesSyntax
            .Parse(request.TmpfilesBefore)
            .Any(l => l.Error is null && l.Path == line.Path && l.Type is 'f' or 'p' && own.IsBeside(l.Path));
}
