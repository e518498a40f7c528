using SystemContainers.Errors;

namespace SystemContainers.Register;

/// <summary>Finds the systemd of a host.</summary>
static class SystemdManager
{
    /// <summary>The running systemd for the running host, where one is booted (sd_booted(3)); else the files alone.</summary>
    /// <exception cref="SysctrException">Host: systemd is booted, but its D-Bus does not answer.</exception>
    public static ISystemdManager Open(HostPaths paths)
    {
        if (paths.Root != "/" || !Directory.Exists("/run/systemd/system"))
        {
            return new OfflineSystemd(paths);
        }

        try
        {
            return SystemdBus.Open();
        }
        catch (SdBus.DBusException e)
        {
            throw new SysctrException(
                ErrorKind.Host, $"connecting to systemd: {e.ErrorMessage}", "is dbus.service running?", e);
        }
        catch (DllNotFoundException e)
        {
            throw new SysctrException(
                ErrorKind.Host, "connecting to systemd: libsystemd.so.0 is not there", "install libsystemd0 (Debian) or systemd-libs (Fedora)", e);
        }
    }

    /// <summary>The version in systemctl's first line, <c>systemd 252 (252.39-1~deb12u1)</c>; 0 where there is no systemctl to ask.</summary>
    public static int ParseVersion(string output)
    {
        string[] words = output.Split([' ', '\n'], 3);
        return words is ["systemd", string version, ..] && int.TryParse(version.Split(['.', '~', '-'])[0], out int number) ? number : 0;
    }
}
