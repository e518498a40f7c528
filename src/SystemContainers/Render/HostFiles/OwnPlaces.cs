// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Render.Request;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>
/// The directories that are a container's by its name: <c>NAME</c> below the state, run, log and cache directories,
/// where nobody else has them. What an image says of itself, such as a default for RUN_DIRECTORY, counts for nothing
/// here; what the administrator sets does.
/// </summary>
sealed class OwnPlaces
{
    /// <summary>Names that mean something to the host's own programs as soon as they are there (systemd-sysext(8),
    /// pam_nologin(8), nss-extrausers).</summary>
    private static readonly string[] s_meaningful =
    [
        "systemd",
        "udev",
        "dbus",
        "user",
        "lock",
        "log",
        "host",
        "sudo",
        "initramfs",
        "extensions",
        "confexts",
        "extrausers",
        "machines",
        "portables",
        "credstore",
        "credstore.encrypted",
        "polkit-1",
        "journal",
    ];

    /// <summary>Those of which it is enough that something has the name, whatever it is.</summary>
    private static readonly string[] s_switches =
    [
        "nologin",
        "ostree-booted",
        "reboot-required",
        "initctl",
        "utmp",
        "lastlog",
        "wtmp",
        "btmp",
        "forcefsck",
        "fastboot",
        "ld.so.preload",
        "cron.allow",
        "cron.deny",
        "at.allow",
        "at.deny",
        "hosts.allow",
        "hosts.deny",
        "environment",
        "initrd-release",
    ];

    private readonly RenderRequest _request;
    private readonly string[] _roots;

    public OwnPlaces(RenderRequest request)
    {
        _request = request;
        string[] run = Directories("RUN_DIRECTORY", request.RunDirectory);
        string[] state = Directories("STATE_DIRECTORY", request.StateDirectory);
        string[] rest = request.Host.UserIds is null ? ["/var/log", "/var/cache"] : [];
        Bases = [.. run.Concat(state).Concat(rest).Distinct(StringComparer.Ordinal)];
        RunBases = run;
        _roots = IsMeaningful(request.Name)
            ? []
            : [.. Bases.Select(b => HostPath.Absolute($"{b}/{request.Name}")).Where(IsFree)];
    }

    /// <summary>The state, run, log and cache directories of the host.</summary>
    public IReadOnlyList<string> Bases { get; }

    /// <summary>Those of them that are empty after a boot.</summary>
    public IReadOnlyList<string> RunBases { get; }

    /// <summary>Whether it is enough for the host that something new in a directory of everybody's has this
    /// name.</summary>
    public static bool IsSwitch(string name) => s_switches.Contains(name, StringComparer.Ordinal);

    /// <summary>Whether the name of something new in a directory of everybody's is one that the host waits
    /// for.</summary>
    public static bool IsMeaningful(string name) =>
        IsSwitch(name)
        || s_meaningful.Contains(name, StringComparer.Ordinal)
        || name.EndsWith(".d", StringComparison.Ordinal)
        || name.StartsWith("dbus-", StringComparison.Ordinal);

    /// <summary>The directory of the container's own that a path is, or is below; null for a foreign one.</summary>
    public string? RootOf(string path) => Array.Find(_roots, r => path == r || HostPath.IsBelow(path, r));

    /// <summary>Whether a path is a new name beside such a directory, <c>NAME.log</c>.</summary>
    public bool IsBeside(string path) =>
        Bases.Any(b =>
            HostPath.IsBelow(path, b)
            && path[(b.TrimEnd('/').Length + 1)..] is var name
            && !name.Contains('/', StringComparison.Ordinal)
            && name.StartsWith(_request.Name + ".", StringComparison.Ordinal)
            && !IsMeaningful(name)
        );

    /// <summary>Nothing is there, or what is there is there because of this container.</summary>
    private bool IsFree(string path) =>
        _request.Host.IsDirectory(path) is null || _request.GeneratedBefore.Contains(path, StringComparer.Ordinal);

    private string[] Directories(string variable, string forced) =>
        _request.Set.TryGetValue(variable, out string? set)
        && set is ['/', ..]
        && !HostPath.LeadsUpwards(set)
        && !set.Any(char.IsControl)
            ? [HostPath.WithoutVarRun(HostPath.Absolute(set)), forced]
            : [forced];
}
