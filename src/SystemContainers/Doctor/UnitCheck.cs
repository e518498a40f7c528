// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Systemd.DBus;

namespace SystemContainers.Doctor;

/// <summary>sysctr's own units: the recovery at boot, and the timer of automatic updates (systemd.unit(5), "Unit File
/// Load Path").</summary>
static class UnitCheck
{
    private const string Recovery = "sysctr-recover.service";
    private const string Timer = "sysctr-update.timer";

    /// <summary>Whether what a crash has interrupted is ended before containers start.</summary>
    public static async Task<IReadOnlyList<DoctorFinding>> RecoveryAsync(
        DoctorTarget target,
        CancellationToken cancellation
    )
    {
        const string Name = "recovery";
        string systemctl = target.User is null ? "systemctl" : "systemctl --user";
        string wanted = target.User is null ? "sysinit.target" : "basic.target";
        const string Without = "what a crash interrupts waits for the next call of sysctr, and containers start before";
        if (FindUnit(target, Recovery) is not { } file)
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{Recovery} is not installed: {Without}",
                    "install sysctr's package, or 'make install'"
                ),
            ];
        }

        if (IsMasked(target, file))
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{Recovery} is masked ({file}): {Without}",
                    $"'{systemctl} unmask {Recovery}'"
                ),
            ];
        }

        if (!IsWanted(target, wanted, Recovery))
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{Recovery} is not enabled: {Without}",
                    $"'{systemctl} add-wants {wanted} {Recovery}'"
                ),
            ];
        }

        if (Program(target, file) is { } program && !target.IsFile(program))
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{file} calls {program}, which is not there: {Without}",
                    "install sysctr where the unit looks for it, or the unit anew"
                ),
            ];
        }

        if (target.IsRunning && Directory.Exists("/run/systemd/system") && await HasFailedAsync(target, cancellation))
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{Recovery} failed at this boot",
                    $"'journalctl{(target.User is null ? "" : " --user")} --unit {Recovery}' tells why; then 'sysctr recover'"
                ),
            ];
        }

        return [DoctorFinding.Ok(Name, $"{Recovery} is installed and enabled ({file})")];
    }

    /// <summary>Whether containers that are to be updated by themselves are.</summary>
    public static IReadOnlyList<DoctorFinding> Updates(DoctorTarget target)
    {
        const string Name = "updates";
        if (!target.IsRoot && target.User is null && Directory.Exists(target.Store))
        {
            return
            [
                DoctorFinding.Unknown(Name, "which containers update themselves was not looked at", "call it as root"),
            ];
        }

        string[] names =
        [
            .. target.Catalog.List(_ => { }).Where(r => r.AutoUpdate == AutoUpdatePolicy.Registry).Select(r => r.Name),
        ];
        bool enabled =
            FindUnit(target, Timer) is { } file && !IsMasked(target, file) && IsWanted(target, "timers.target", Timer);
        string systemctl = target.User is null ? "systemctl" : "systemctl --user";
        return (names.Length, enabled) switch
        {
            (0, false) => [DoctorFinding.Ok(Name, $"no container updates itself, and {Timer} is not enabled")],
            (0, true) => [DoctorFinding.Ok(Name, $"{Timer} is enabled; no container updates itself")],
            (_, true) => [DoctorFinding.Ok(Name, $"{Timer} updates {string.Join(", ", names)}")],
            _ =>
            [
                DoctorFinding.Warning(
                    Name,
                    $"{string.Join(", ", names)}: to be updated automatically, and {Timer} is not enabled",
                    $"'{systemctl} enable --now {Timer}'"
                ),
            ],
        };
    }

    /// <summary>The file that counts: the first on the load path. A link to nothing counts too.</summary>
    private static string? FindUnit(DoctorTarget target, string unit) =>
        target
            .Paths.UnitLoadPath.Select(d => Path.Join(d, unit))
            .FirstOrDefault(f => FileFacts.Of(target.Here(f)) is not null);

    /// <summary>A link to /dev/null, or an empty file.</summary>
    private static bool IsMasked(DoctorTarget target, string file)
    {
        FileInfo info = new(target.Here(file));
        return info.LinkTarget is { } link ? link == "/dev/null" : info.Length == 0;
    }

    private static bool IsWanted(DoctorTarget target, string by, string unit) =>
        target.Paths.UnitLoadPath.Any(d => FileFacts.Of(target.Here(Path.Join(d, by + ".wants", unit))) is not null);

    private static string? Program(DoctorTarget target, string file)
    {
        string? start = target
            .TryReadText(file)
            ?.Split('\n')
            .FirstOrDefault(l => l.StartsWith("ExecStart=", StringComparison.Ordinal));
        return
            start?["ExecStart=".Length..].Trim().Split(' ')[0].TrimStart('-', '@', '+', '!', ':') is ['/', ..] program
            ? program
            : null;
    }

    private static async Task<bool> HasFailedAsync(DoctorTarget target, CancellationToken cancellation)
    {
        try
        {
            using ISystemdManager systemd = SystemdManager.Of(target.Paths, isBooting: false);
            return systemd.IsBooted
                && await systemd.GetStatesAsync([Recovery], cancellation) is [{ ActiveState: "failed" }];
        }
        catch (SysctrException)
        {
            // The check of D-Bus says so.
            return false;
        }
    }
}
