// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>
/// Admits of an image's tmpfiles what is the container's to do, and writes it anew. In the container's own directories
/// (<see cref="OwnPlaces"/>) nearly all that tmpfiles.d(5) knows is allowed; elsewhere a line may make a directory that
/// is not there, root's, and nothing that is there is changed, aged, emptied, overwritten, removed or linked to.
/// </summary>
/// <remarks>
/// What is admitted is applied again at every boot, after a payload had its own directories in hand: systemd-tmpfiles
/// follows root's links in all parts of a path but the last. So lines for systemd-tmpfiles end at most one level below
/// what the payload writes to.
/// </remarks>
sealed partial class TmpfilesGuard
{
    /// <summary>The kernel's, the operating system's own tree, and our store: nothing there is made for a
    /// container.</summary>
    private static readonly string[] s_never =
    [
        "/proc",
        "/sys",
        "/dev",
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/boot",
        "/efi",
        "/var/lib/sysctr",
    ];

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

    private const int Setuid = 0xc00;
    private const int SetuidAlone = 0x800;
    private const int OthersWrite = 0x12;

    private readonly string _file;
    private readonly RenderRequest _request;
    private readonly OwnPlaces _own;
    private readonly IReadOnlyList<TmpfilesLine> _lines;
    private readonly string[] _binds;
    private readonly IReadOnlyList<HostFile> _hostFiles;
    private readonly Action<string> _warn;
    private readonly List<OnceLine> _once = [];

    private TmpfilesGuard(
        string file,
        string text,
        RenderRequest request,
        IEnumerable<string> binds,
        IReadOnlyList<HostFile> hostFiles,
        Action<string> warn
    )
    {
        _file = file;
        _request = request;
        _own = new OwnPlaces(request);
        _lines = TmpfilesSyntax.Parse(text, Specifier);
        _binds = [.. binds.Where(b => b.StartsWith('/')).Select(b => HostPath.WithoutVarRun(HostPath.Absolute(b)))];
        _hostFiles = hostFiles;
        _warn = warn;
    }

    /// <summary>Checks rendered lines.</summary>
    /// <param name="file">What errors name.</param>
    /// <param name="text">A rendered tmpfiles.d(5) file.</param>
    /// <param name="request">Name, host and what earlier deployments had.</param>
    /// <param name="binds">What config.json binds into the container: the payload may write there.</param>
    /// <param name="hostFiles">What the image itself brings.</param>
    /// <param name="warn">Gets what was left out or taken from a line, in words for the user.</param>
    /// <exception cref="SysctrException">Template: systemd would not take a line; Unsafe: names the line and what it
    /// would do.</exception>
    public static AdmittedTmpfiles Admit(
        string file,
        string text,
        RenderRequest request,
        IEnumerable<string> binds,
        IReadOnlyList<HostFile> hostFiles,
        Action<string> warn
    )
    {
        TmpfilesGuard guard = new(file, text, request, binds, hostFiles, warn);
        TmpfilesLine[] admitted = [.. guard._lines.Select(guard.Admitted).OfType<TmpfilesLine>()];
        return new AdmittedTmpfiles(
            string.Concat(
                guard.UnsaidRoots(admitted).Concat(admitted).Select(l => l + "\n").Distinct(StringComparer.Ordinal)
            ),
            guard._once
        );
    }

    /// <summary>The container's own directories that lines speak of only as what is above another path: nobody else
    /// enters them.</summary>
    private IEnumerable<TmpfilesLine> UnsaidRoots(TmpfilesLine[] admitted) =>
        admitted
            .Select(l => _own.RootOf(l.Path))
            .OfType<string>()
            .Concat(_once.Select(o => o.Root))
            .Distinct(StringComparer.Ordinal)
            .Where(root =>
                (
                    _once.Exists(o => o.Root == root)
                    || admitted.Any(l =>
                        l.Path != root
                        && (l.IsDirectory || "fFpLC".Contains(l.Type, StringComparison.Ordinal))
                        && HostPath.IsBelow(l.Path, root)
                    )
                ) && !admitted.Any(l => l.Path == root)
            )
            .Select(root => new TmpfilesLine(0, 'd', "", root)
            {
                Mode = "0700",
                User = $"{_request.Host.Uid}",
                Group = $"{_request.Host.Gid}",
            });

    private string? Specifier(char letter) =>
        letter switch
        {
            'S' => _request.StateDirectory,
            't' => _request.RunDirectory,
            'C' when _request.Host.UserIds is null => "/var/cache",
            'L' when _request.Host.UserIds is null => "/var/log",
            _ => null,
        };

    /// <summary>A line as it may stand; null where it is left out.</summary>
    private TmpfilesLine? Admitted(TmpfilesLine line)
    {
        if (line.Error is { } error)
        {
            throw TemplateErrors.At(At(line), error);
        }

        if (HostPath.LeadsUpwards(line.Path))
        {
            throw Unsafe(line, $"{line.Path} leads upwards");
        }

        if (line.Type is 'c' or 'b')
        {
            throw Unsafe(line, $"it would make the device {line.Path} on the host");
        }

        if (line.Modifiers.AsSpan().IndexOfAny("^?") >= 0)
        {
            throw Unsafe(line, $"'{line.Modifiers}' can't stand in an image's lines");
        }

        line = line with { Modifiers = new string([.. line.Modifiers.Where(m => m is not ('=' or '$'))]) };
        CheckFields(line);
        if (
            _lines.FirstOrDefault(l =>
                l.Error is null
                && "fFLpCcb".Contains(l.Type, StringComparison.Ordinal)
                && HostPath.IsBelow(line.Path, l.Path)
            ) is
            { } above
        )
        {
            throw Unsafe(line, $"{line.Path} is below what line {above.Number} makes a file, link or copy");
        }

        if (s_never.Any(n => line.Path == n || HostPath.IsBelow(line.Path, n)))
        {
            return line.IsDirectory && _request.Host.IsDirectory(line.Path) is true
                ? null
                : throw Unsafe(line, $"{line.Path} is not the container's, and nothing is made or changed there");
        }

        return _hostFiles.Any(f => f.Kind != ImageFileKind.Directory && f.Target == line.Path)
                ? LeftOut(line, "is a host file of the image, which sysctr itself keeps")
            : _own.RootOf(line.Path) is { } root ? Own(line, root)
            : line.IsDirectory ? ForeignDirectory(line)
            : Foreign(line);
    }

    private TmpfilesLine? Own(TmpfilesLine line, string root)
    {
        int depth = HostPath.Parts(line.Path).Length - HostPath.Parts(root).Length;
        if (line.HasPattern)
        {
            // A pattern may have names with slashes in braces, and one that begins with a dot meets "..".
            string name = line.Path[(line.Path.LastIndexOf('/') + 1)..];
            if (depth != 1 || name.StartsWith('.') || line.Path.AsSpan().IndexOfAny("{\\") >= 0)
            {
                return LeftOut(line, "is a pattern for more than the names in a directory of the container");
            }
        }

        if (IsInPayloadsHands(line.Path))
        {
            if (!line.IsDirectory)
            {
                return LeftOut(line, "is below a directory that the payload writes to, and may be a link by then");
            }

            TmpfilesLine made = Safe(line with { Type = 'd', Modifiers = "", Age = TmpfilesLine.None });
            _once.Add(new OnceLine(root, made.ToString()));

            // Not even with !, for boot alone: a soft reboot (systemd-soft-reboot.service(8)) keeps /run with all that
            // a payload has put there.
            if (_own.RunBases.Any(b => HostPath.IsBelow(line.Path, b)))
            {
                Warn(
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
                return LeftOut(line, "may be a link of the payload's by then, which systemd-tmpfiles would follow");
            case 'L':
                CheckTarget(line, root);
                break;
            case 't'
            or 'T'
                when line.Argument is not { } argument
                    || argument
                        .Split(' ')
                        .Any(a => !a.TrimStart('"', '\'').StartsWith("user.", StringComparison.Ordinal)):
                throw Unsafe(line, "it would set an attribute that means something to the kernel");
            case 'h' or 'H' when line.Argument is not { } flags || !Attributes().IsMatch(flags):
                throw Unsafe(
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
        int forbidden = line.IsDirectory ? SetuidAlone : Setuid;
        if (line.ModeBits is not { } mode || (mode & forbidden) == 0)
        {
            return line;
        }

        Warn(line, $"{line.Path} gets no set-user-ID and set-group-ID bits");
        return line with { Mode = Octal(mode & ~forbidden) };
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
            || _own.RootOf(HostPath.WithoutVarRun(HostPath.Absolute(target))) is null
        )
        {
            throw Unsafe(
                line,
                $"it would link {line.Path} to {line.Argument ?? "the factory's file"}, which is not the container's"
            );
        }
    }

    private TmpfilesLine Copy(TmpfilesLine line)
    {
        string rootfs = _request.DestinationDirectory + "/rootfs";
        string source = HostPath.Absolute(line.Argument ?? "");
        ImageFile? found =
            source == rootfs || HostPath.IsBelow(source, rootfs)
                ? _request.Files.Find(source == rootfs ? "/" : source[rootfs.Length..])
                : null;
        if (found is null)
        {
            throw Unsafe(
                line,
                $"it would copy {line.Argument ?? "the factory's file"}, which is not in the image ($DESTDIR/rootfs)"
            );
        }

        return HasPrivileged(found, depth: 0)
            ? throw Unsafe(line, $"it would copy set-user-ID files or devices to {line.Path}")
            : Safe(line with { Argument = rootfs + (found.Path == "/" ? "" : found.Path) });
    }

    private bool HasPrivileged(ImageFile file, int depth) =>
        file.Kind switch
        {
            ImageFileKind.Regular => (file.Mode & Setuid) != 0,
            ImageFileKind.Special => true,
            ImageFileKind.Directory when depth > 100 => true,
            ImageFileKind.Directory => _request
                .Files.List(file.Path)
                .Any(name =>
                    _request.Files.FindNoFollow($"{file.Path.TrimEnd('/')}/{name}") is { } below
                    && HasPrivileged(below, depth + 1)
                ),
            _ => false,
        };

    /// <summary>Whether the payload may have replaced a part of the path before the last one.</summary>
    private bool IsInPayloadsHands(string path) =>
        HostPath.Parent(path) is var parent
        && _binds.Any(b => HostPath.IsBelow(parent, b) && _own.RootOf(b) is not null);

    private TmpfilesLine? ForeignDirectory(TmpfilesLine line)
    {
        if (
            _request.Host.IsDirectory(line.Path) is { } isDirectory
            && !_request.GeneratedBefore.Contains(line.Path, StringComparer.Ordinal)
        )
        {
            if (line.Age != TmpfilesLine.None)
            {
                Warn(line, $"{line.Path} was there before: nothing that is old is removed from it");
            }

            if (line.Type == 'D')
            {
                Warn(line, $"{line.Path} was there before: it is never emptied");
            }

            if (
                !s_bases.Contains(line.Path, StringComparer.Ordinal)
                && (line.Mode, line.User, line.Group) != (TmpfilesLine.None, TmpfilesLine.None, TmpfilesLine.None)
            )
            {
                Warn(line, $"{line.Path} was there before: its owner and mode stay as they are");
            }

            return !isDirectory || s_bases.Contains(line.Path, StringComparer.Ordinal) ? null : Plain(line);
        }

        string parent = HostPath.Parent(line.Path);
        if (
            s_bases.Contains(parent, StringComparer.Ordinal)
            && OwnPlaces.IsSwitch(line.Path[(line.Path.LastIndexOf('/') + 1)..])
        )
        {
            throw Unsafe(line, $"{line.Path} means something to the host as soon as it is there");
        }

        CheckParents(line);
        if (line.Type == 'D' || line.Age != TmpfilesLine.None)
        {
            Warn(
                line,
                $"{line.Path} is not below a directory of the container's name: it is never emptied, and nothing that is old is removed from it"
            );
        }

        if (
            !IsRoots(line.User, _request.Host.Uid)
            || !IsRoots(line.Group, _request.Host.Gid)
            || (line.ModeBits & (OthersWrite | Setuid)) is > 0
        )
        {
            Warn(
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

        string unsaid = _own.Bases.Contains(parent, StringComparer.Ordinal) ? "0700" : TmpfilesLine.None;
        return Plain(line) with
        {
            Mode = line.ModeBits is { } mode ? Octal(mode & ~(OthersWrite | Setuid)) : unsaid,
            User = line.User == TmpfilesLine.None ? TmpfilesLine.None : $"{_request.Host.Uid}",
            Group = line.Group == TmpfilesLine.None ? TmpfilesLine.None : $"{_request.Host.Gid}",
        };
    }

    private void CheckParents(TmpfilesLine line)
    {
        for (string parent = HostPath.Parent(line.Path); ; parent = HostPath.Parent(parent))
        {
            bool? isDirectory = _request.Host.IsDirectory(parent);
            if (isDirectory is false || (isDirectory is true && !_request.Host.IsRootsAlone(parent)))
            {
                throw Unsafe(
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

    private TmpfilesLine? Foreign(TmpfilesLine line)
    {
        bool isThere = line.HasPattern || _request.Host.IsDirectory(line.Path) is not null;
        string parent = HostPath.Parent(line.Path);
        switch (line.Type)
        {
            case 'f' when isThere && !line.Modifiers.Contains('+', StringComparison.Ordinal) && !WasMadeBefore(line):
                return LeftOut(line, "is there and not the container's: it stays as it is");

            // A name of the container's own, or an empty file such as a lock that several programs share.
            case 'f'
            or 'p'
                when (!isThere || WasMadeBefore(line))
                    && (
                        _own.IsBeside(line.Path)
                        || (
                            line is { Type: 'f', Argument: null } && _own.Bases.Contains(parent, StringComparer.Ordinal)
                        )
                    )
                    && !OwnPlaces.IsMeaningful(line.Path[(line.Path.LastIndexOf('/') + 1)..]):
                int mode = line.ModeBits ?? (_own.IsBeside(line.Path) ? 0x180 : 0x1a4);
                return line with
                {
                    Modifiers = line.Modifiers.Replace("+", "", StringComparison.Ordinal),
                    Mode = Octal(mode & ~(OthersWrite | Setuid)),
                    User = $"{_request.Host.Uid}",
                    Group = $"{_request.Host.Gid}",
                    Age = TmpfilesLine.None,
                };
            case 'r'
                when !line.HasPattern
                    && _own.IsBeside(line.Path)
                    && (!isThere || WasMadeBefore(line))
                    && _own.RunBases.Contains(parent, StringComparer.Ordinal):
                return line;
            case 'r' when !line.HasPattern:
            case 'x' or 'X':
            case 'z'
            or 'Z'
            or 'm'
            or 'e' when !line.HasPattern && _lines.Any(l => l.IsDirectory && l.Path == line.Path):
                return LeftOut(line, "is not the container's: it stays as it is");
            default:
                throw Unsafe(
                    line,
                    $"it would make, change, overwrite or remove {line.Path}, which is not the container's"
                );
        }
    }

    /// <summary>The deployment before had a line of ours that makes the same thing.</summary>
    private bool WasMadeBefore(TmpfilesLine line) =>
        TmpfilesSyntax
            .Parse(_request.TmpfilesBefore)
            .Any(l => l.Error is null && l.Path == line.Path && l.Type is 'f' or 'p' && _own.IsBeside(l.Path));

    private void CheckFields(TmpfilesLine line)
    {
        if (line.Mode != TmpfilesLine.None && (line.ModeBits is null || !Fields().IsMatch(line.Mode)))
        {
            throw TemplateErrors.At(At(line), "its mode is no number");
        }

        if (((string[])[line.User, line.Group, line.Age]).FirstOrDefault(f => !Fields().IsMatch(f)) is not null)
        {
            throw TemplateErrors.At(At(line), "its owner, group or age has characters that such a field can't have");
        }

        if (line.IsBase64 && (line.Type is not ('f' or 'F' or 'w') || !Base64().IsMatch(line.Argument ?? "")))
        {
            throw TemplateErrors.At(At(line), "its argument is no base64");
        }
    }

    private TmpfilesLine? LeftOut(TmpfilesLine line, string why)
    {
        Warn(line, $"the line '{line.Type}{line.Modifiers} {line.Path}' is left out: {line.Path} {why}");
        return null;
    }

    private void Warn(TmpfilesLine line, string text) => _warn($"{At(line)}: {text}");

    private SysctrException Unsafe(TmpfilesLine line, string why) => TemplateErrors.Unsafe(At(line), why);

    private string At(TmpfilesLine line) => new TextPosition(line.Number, 1).In(_file);

    private static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');

    [GeneratedRegex(@"^[A-Za-z0-9_.:~\-]+\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex Fields();

    [GeneratedRegex(
        @"^[A-Za-z0-9+/]*={0,2}\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Base64();

    [GeneratedRegex(@"^[+=-]?[ACDScdsu]+\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex Attributes();
}
