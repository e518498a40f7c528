// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Systemd;
using SystemContainers.Systemd.DBus;

namespace SystemContainers.Doctor;

/// <summary>Whether there is a systemd that sysctr can talk to, and which.</summary>
static class SystemdCheck
{
    // What the tests boot; older ones are not known to work.
    private const int Tested = 252;

    /// <summary>Of the running host.</summary>
    public static async Task<IReadOnlyList<DoctorFinding>> RunAsync(DoctorTarget target, CancellationToken cancellation)
    {
        if (!Directory.Exists("/run/systemd/system"))
        {
            return
            [
                DoctorFinding.Problem(
                    "systemd",
                    "it is not what this system was booted with: containers are installed here, and nothing starts them",
                    "boot the system with systemd as its first process"
                ),
            ];
        }

        int version = await VersionAsync(cancellation);
        return [Version(version, "runs"), await BusAsync(target, cancellation)];
    }

    /// <summary>Of a system below a directory.</summary>
    public static IReadOnlyList<DoctorFinding> Offline(DoctorTarget target)
    {
        int version = SystemdLibrary.Versions(target.Here).DefaultIfEmpty(0).Max();
        return
        [
            version == 0
                ? DoctorFinding.Problem(
                    "systemd",
                    $"is not installed below {target.Root}: nothing will start the containers",
                    "install systemd there"
                )
                : Version(version, "is installed"),
            DoctorFinding.Unknown(
                "kernel",
                "systemd, kernel, cgroups and clock are those of a system that does not run; they were not looked at",
                "call it again when that system runs"
            ),
        ];
    }

    private static DoctorFinding Version(int version, string how) =>
        version switch
        {
            0 => DoctorFinding.Unknown("systemd", $"{how}, and 'systemctl --version' does not say which"),
            < Tested => DoctorFinding.Warning(
                "systemd",
                $"{version} {how}; sysctr is tested with {Tested} and newer",
                "update the system"
            ),
            _ => DoctorFinding.Ok("systemd", $"{version} {how}"),
        };

    private static async Task<int> VersionAsync(CancellationToken cancellation)
    {
        try
        {
            return SystemdVersion.Parse(
                (await ProcessRunner.RunAsync("systemctl", ["--version"], cancellation)).Output
            );
        }
        catch (SysctrException)
        {
            return 0;
        }
    }

    /// <summary>As an install would: connects, asks, hangs up.</summary>
    private static async Task<DoctorFinding> BusAsync(DoctorTarget target, CancellationToken cancellation)
    {
        try
        {
            using ISystemdManager systemd = SystemdManager.Of(target.Paths, isBooting: false);
            await systemd.GetVersionAsync(cancellation);
            if (systemd is SystemdBus { BusFailure: { } failure })
            {
                return File.Exists(SystemdAddress.SystemBus) && target.User is null
                    ? DoctorFinding.Warning(
                        "dbus",
                        $"the bus does not answer ({failure}); sysctr asks systemd at its own socket",
                        "'systemctl status dbus.service' tells how it is"
                    )
                    : DoctorFinding.Ok("dbus", "there is no bus; sysctr asks systemd at its own socket");
            }

            return DoctorFinding.Ok(
                "dbus",
                $"{(target.User is null ? "systemd" : $"the systemd of {target.User.Name}")} answers"
            );
        }
        catch (SysctrException e)
        {
            return DoctorFinding.Problem(
                "dbus",
                e.Message,
                e.Hint ?? "'systemctl status dbus.service' tells how it is"
            );
        }
    }
}
