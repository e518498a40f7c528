using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Register;

/// <summary>Finds the systemd of a host.</summary>
static class SystemdManager
{
    /// <summary>The running systemd for the running host, where one is booted (sd_booted(3)); else the files alone.</summary>
    /// <exception cref="SysctrException">Host: systemd is booted, but its D-Bus does not answer.</exception>
    public static ISystemdManager Open(HostPaths paths)
    {
        if (paths.User is { } user)
        {
            return OpenUser(user);
        }

        if (paths.Root != "/" || !Directory.Exists("/run/systemd/system"))
        {
            return new OfflineSystemd(paths);
        }

        try
        {
            return SystemdBus.Open(user: null);
        }
        catch (SdBus.DBusException e)
        {
            throw new SysctrException(
                ErrorKind.Host, $"connecting to systemd: {e.ErrorMessage}", "is dbus.service running?", e);
        }
        catch (DllNotFoundException e)
        {
            throw NoLibrary(e);
        }
    }

    /// <summary>A user's systemd runs while the user is logged in, or from boot on when lingering.</summary>
    private static SystemdBus OpenUser(HostUser user)
    {
        try
        {
            return SystemdBus.Open(user);
        }
        catch (SdBus.DBusException e)
        {
            throw new SysctrException(
                ErrorKind.Host, $"connecting to the systemd of {user.Name}, on the bus below {user.RuntimeDirectory}: {e.ErrorMessage}",
                user.Lingers
                    ? $"'systemctl status user@{user.Uid}.service' tells whether it runs; it needs dbus-user-session (Debian) or dbus-daemon"
                    : $"'loginctl enable-linger {user.Name}' as root starts it, now and at boot; su and sudo do not", e);
        }
        catch (DllNotFoundException e)
        {
            throw NoLibrary(e);
        }
    }

    private static SysctrException NoLibrary(DllNotFoundException e) => new(
        ErrorKind.Host, "connecting to systemd: libsystemd.so.0 is not there", "install libsystemd0 (Debian) or systemd-libs (Fedora)", e);

    /// <summary>The version in systemctl's first line, <c>systemd 252 (252.39-1~deb12u1)</c>; 0 where there is no systemctl to ask.</summary>
    public static int ParseVersion(string output)
    {
        string[] words = output.Split([' ', '\n'], 3);
        return words is ["systemd", string version, ..] && int.TryParse(version.Split(['.', '~', '-'])[0], out int number) ? number : 0;
    }
}
