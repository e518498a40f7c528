// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Linux;
using SystemContainers.Target;

namespace SystemContainers.Doctor;

/// <summary>
/// Whether the time can be believed: certificates of registries are checked against it, and deployments, logs and the
/// history are ordered by it.
/// </summary>
static class ClockCheck
{
    private const string Name = "clock";
    private const string Remedy =
        "set it: 'timedatectl set-ntp true' with systemd-timesyncd or chrony installed, or 'timedatectl set-time'";

    // No sysctr with this check is older.
    private static readonly DateTimeOffset s_earliest = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target) =>
        [
            Judge(
                DateTimeOffset.UtcNow,
                new DateTimeOffset(File.GetLastWriteTimeUtc(ToolPaths.Tool)),
                KernelClock.IsSynchronised
            ),
        ];

    /// <summary>The judgement alone.</summary>
    /// <param name="now">What the clock says.</param>
    /// <param name="installed">When this program was put on the host, by its file's time.</param>
    /// <param name="isSynchronised">Whether the kernel believes itself; null where it can't be asked.</param>
    internal static DoctorFinding Judge(DateTimeOffset now, DateTimeOffset installed, bool? isSynchronised)
    {
        string time = $"{now.UtcDateTime:yyyy-MM-dd HH:mm} UTC";
        return now < s_earliest
                ? DoctorFinding.Problem(
                    Name,
                    $"it is {time}, before this sysctr was made: certificates are not valid yet",
                    Remedy
                )
            : now < installed.AddDays(-1)
                ? DoctorFinding.Problem(
                    Name,
                    $"it is {time}, before this sysctr was installed ({installed.UtcDateTime:yyyy-MM-dd})",
                    Remedy
                )
            : isSynchronised switch
            {
                true => DoctorFinding.Ok(Name, $"{time}, synchronised"),
                false => DoctorFinding.Warning(Name, $"{time}, not synchronised with anything", Remedy),
                null => DoctorFinding.Unknown(Name, $"{time}; whether it is synchronised can't be asked"),
            };
    }
}
