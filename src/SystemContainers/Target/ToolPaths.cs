// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Render;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;

namespace SystemContainers.Target;

/// <summary>Where our own programs stand; units name them, so they are found from the one that runs.</summary>
static class ToolPaths
{
    private const string Libexec = "/usr/libexec/sysctr/sysctr-listen";

    /// <summary>This program: ATOMIC, and what units call to launch.</summary>
    public static string Tool { get; } = Environment.ProcessPath!;

    /// <summary>sysctr-listen: installed in libexec of the same prefix, or beside this program in a build
    /// tree.</summary>
    public static string ListenHelper { get; } = ListenBeside(Tool, File.Exists);

    /// <summary>
    /// This program on the host that is to run a container. Of a system below a directory it is the one that is
    /// installed there, wherever the caller's stands: at the same path, or where a package puts it.
    /// </summary>
    /// <returns>The caller's path where there is none; <see cref="CheckNamed"/> says whether that matters.</returns>
    public static string ToolOn(HostPaths host) =>
        host.Root == "/" ? Tool : s_places.Prepend(Tool).FirstOrDefault(p => File.Exists(host.Inside(p))) ?? Tool;

    /// <summary>sysctr-listen on the host that is to run a container: the one that belongs to <see cref="ToolOn"/>,
    /// whence installs there take it.</summary>
    public static string ListenHelperOn(HostPaths host) =>
        host.Root == "/" ? ListenHelper : ListenBeside(ToolOn(host), p => File.Exists(host.Inside(p)));

    /// <summary>Throws where units of a system below a directory call this program and that system does not have it:
    /// each start would fail (203/EXEC).</summary>
    /// <exception cref="SysctrException">Host: it is not there.</exception>
    public static void CheckNamed(HostPaths host, string name, RenderedContainer rendered)
    {
        string tool = ToolOn(host);
        string word = CommandLine.Of(tool);
        if (
            host.Root != "/"
            && !File.Exists(host.Inside(tool))
            && rendered.Units.FirstOrDefault(u => u.Text.Contains(word, StringComparison.Ordinal)) is { } unit
        )
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"installing {name} below {host.Root}: {unit.FileName} calls {tool}, and it is not there",
                $"install sysctr below {host.Root} first ('dpkg --root={host.Root} -i sysctr_*.deb', or 'make install DESTDIR={host.Root}')"
            );
        }
    }

    private static readonly string[] s_places = ["/usr/bin/sysctr", "/usr/local/bin/sysctr"];

    private static string ListenBeside(string tool, Func<string, bool> isThere)
    {
        string directory = Path.GetDirectoryName(tool)!;
        string installed = Path.GetFullPath(Path.Join(directory, "../libexec/sysctr/sysctr-listen"));
        string beside = Path.Join(directory, "sysctr-listen");
        return isThere(installed) ? installed
            : isThere(beside) ? beside
            : Libexec;
    }
}
