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

    private readonly RenderRequest _request;
    private readonly OwnPlaces _places;
    private readonly IReadOnlyList<TmpfilesLine> _lines;
    private readonly IReadOnlyList<HostFile> _hostFiles;
    private readonly TmpfilesNotes _told;
    private readonly OwnTmpfiles _own;
    private readonly ForeignTmpfiles _foreign;

    private TmpfilesGuard(
        string file,
        string text,
        RenderRequest request,
        IEnumerable<string> binds,
        IReadOnlyList<HostFile> hostFiles,
        Action<string> warn
    )
    {
        _request = request;
        _places = new OwnPlaces(request);
        _lines = TmpfilesSyntax.Parse(text, Specifier);
        _hostFiles = hostFiles;
        _told = new TmpfilesNotes(file, warn);
        _own = new OwnTmpfiles(
            request,
            _places,
            [.. binds.Where(b => b.StartsWith('/')).Select(b => HostPath.WithoutVarRun(HostPath.Absolute(b)))],
            _told
        );
        _foreign = new ForeignTmpfiles(request, _places, _lines, _told);
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
            guard._own.Once
        );
    }

    /// <summary>The container's own directories that lines speak of only as what is above another path: nobody else
    /// enters them.</summary>
    private IEnumerable<TmpfilesLine> UnsaidRoots(TmpfilesLine[] admitted) =>
        admitted
            .Select(l => _places.RootOf(l.Path))
            .OfType<string>()
            .Concat(_own.Once.Select(o => o.Root))
            .Distinct(StringComparer.Ordinal)
            .Where(root =>
                (
                    _own.Once.Any(o => o.Root == root)
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
            throw TemplateErrors.At(_told.At(line), error);
        }

        if (HostPath.LeadsUpwards(line.Path))
        {
            throw _told.Unsafe(line, $"{line.Path} leads upwards");
        }

        if (line.Type is 'c' or 'b')
        {
            throw _told.Unsafe(line, $"it would make the device {line.Path} on the host");
        }

        if (line.Modifiers.AsSpan().IndexOfAny("^?") >= 0)
        {
            throw _told.Unsafe(line, $"'{line.Modifiers}' can't stand in an image's lines");
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
            throw _told.Unsafe(line, $"{line.Path} is below what line {above.Number} makes a file, link or copy");
        }

        if (s_never.Any(n => line.Path == n || HostPath.IsBelow(line.Path, n)))
        {
            return line.IsDirectory && _request.Host.IsDirectory(line.Path) is true
                ? null
                : throw _told.Unsafe(line, $"{line.Path} is not the container's, and nothing is made or changed there");
        }

        return _hostFiles.Any(f => f.Kind != ImageFileKind.Directory && f.Target == line.Path)
                ? _told.LeftOut(line, "is a host file of the image, which sysctr itself keeps")
            : _places.RootOf(line.Path) is { } root ? _own.Admitted(line, root)
            : _foreign.Admitted(line);
    }

    private void CheckFields(TmpfilesLine line)
    {
        if (line.Mode != TmpfilesLine.None && (line.ModeBits is null || !Fields().IsMatch(line.Mode)))
        {
            throw TemplateErrors.At(_told.At(line), "its mode is no number");
        }

        if (((string[])[line.User, line.Group, line.Age]).FirstOrDefault(f => !Fields().IsMatch(f)) is not null)
        {
            throw TemplateErrors.At(
                _told.At(line),
                "its owner, group or age has characters that such a field can't have"
            );
        }

        if (line.IsBase64 && (line.Type is not ('f' or 'F' or 'w') || !Base64().IsMatch(line.Argument ?? "")))
        {
            throw TemplateErrors.At(_told.At(line), "its argument is no base64");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.:~\-]+\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex Fields();

    [GeneratedRegex(
        @"^[A-Za-z0-9+/]*={0,2}\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Base64();
}
