// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Bundle;

sealed partial record HostFacts
{
    private const string StatusPath = "/proc/self/status";

    // The first process has all that the host gives; a service that calls us may have less, and must render the same.
    private const string InitStatusPath = "/proc/1/status";
    private const string InitLimitsPath = "/proc/1/limits";

    /// <summary>The facts of the host that is to run the container.</summary>
    /// <param name="user">Whose containers, and in whose namespace this process is; null for the system's.</param>
    /// <param name="root">That host's root directory; of another than <c>/</c> only files are known
    /// (<see cref="Offline"/>).</param>
    /// <exception cref="SysctrException">Host: /proc is not there or says nothing; Storage: the seccomp profile can't
    /// be read.</exception>
    public static HostFacts Read(HostUser? user = null, string root = "/")
    {
        HostFacts facts = Running(user, root);
        return root == "/" ? facts : facts.Offline(root);
    }

    private static HostFacts Running(HostUser? user, string root)
    {
        string[] status = ReadStatus(StatusPath);
        IReadOnlyList<string> capabilities = RuntimeSpec.Capabilities.FromMask(
            ulong.Parse(
                Field(ReadStatus(InitStatusPath), "CapBnd"),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture
            )
        );
        return new HostFacts
        {
            Capabilities = capabilities,
            // In a namespace of a user's the capability is not the host's.
            HardLimits =
                user is null && capabilities.Contains("CAP_SYS_RESOURCE", StringComparer.Ordinal)
                    ? new Dictionary<string, ulong>()
                    : ResourceLimits.Parse(ReadStatus(InitLimitsPath)),
            SeccompProfile = SeccompFile.Find(root),

            // proc_pid_status(5): the line is there with CONFIG_SECCOMP.
            HasSeccomp = status.Any(line => line.StartsWith("Seccomp:", StringComparison.Ordinal)),
            Uid = user?.Uid ?? FirstNumber(Field(status, "Uid")),
            Gid = user?.Gid ?? FirstNumber(Field(status, "Gid")),
            UserIds = user?.Ids,
            Home = user?.Home,
            Kernel = new Version(Environment.OSVersion.Version.Major, Environment.OSVersion.Version.Minor),
            HasSelinux = File.Exists("/sys/fs/selinux/enforce"),
            HasAppArmor = AppArmorProfiles.AreThere,
            HasAppArmorProfile = AppArmorProfiles.Has,
            ReadSeccomp = path => SeccompFile.Read(root, path),
            Architecture = Oci.Platform.Current.Architecture,
            IsDirectory = path =>
                System.IO.Directory.Exists(path) ? true
                : Path.Exists(path) ? false
                : null,
        };
    }

    /// <summary>The controllers of control groups that a manager which runs has for its units; null where there is no
    /// unified hierarchy, or it does not say.</summary>
    /// <param name="user">Whose manager; null for the system's.</param>
    public static IReadOnlyCollection<string>? ReadControllers(HostUser? user)
    {
        string group = user is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"/user.slice/user-{user.Uid}.slice/user@{user.Uid}.service");
        try
        {
            return File.ReadAllText($"/sys/fs/cgroup{group}/cgroup.controllers")
                .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string[] ReadStatus(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException e)
        {
            throw new SysctrException(ErrorKind.Host, $"reading {path}: {e.Message}", "mount /proc", e);
        }
    }

    /// <summary>A field of proc_pid_status(5).</summary>
    private static string Field(string[] status, string name) =>
        status
            .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal))
            ?[(name.Length + 1)..].Trim()
        ?? throw new SysctrException(ErrorKind.Host, $"reading {StatusPath}: it has no {name}");

    // The line has real, effective, saved and file system ids.
    private static uint FirstNumber(string text) => uint.Parse(text.Split('\t', ' ')[0], CultureInfo.InvariantCulture);
}
