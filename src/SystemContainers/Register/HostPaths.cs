namespace SystemContainers.Register;

/// <summary>Where things stand on a host, as this process sees them; the constants are the same places as the host sees them.</summary>
/// <param name="Root">The host's root directory, <c>/</c> for the running host.</param>
sealed record HostPaths(string Root)
{
    /// <summary>The administrator's units: what we write.</summary>
    public const string Units = "/etc/systemd/system";

    /// <summary>tmpfiles.d(5) of the administrator.</summary>
    public const string Tmpfiles = "/etc/tmpfiles.d";

    /// <summary>Every directory in which systemd finds units (systemd.unit(5), "Unit File Load Path").</summary>
    public static IReadOnlyList<string> UnitLoadPath { get; } =
    [
        "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/run/systemd/generator.early",
        Units, "/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached", "/run/systemd/generator",
        "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late",
    ];

    /// <summary>The path as this process sees it.</summary>
    public string Here(string path) => Path.Join(Root, path);
}
