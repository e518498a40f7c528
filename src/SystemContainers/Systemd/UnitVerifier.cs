// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Systemd;

/// <summary>Has systemd itself read units that are not on the host yet: <c>systemd-analyze verify</c>.</summary>
static partial class UnitVerifier
{
    /// <summary>Complaints about things that are there only after the installation, or that an older systemd just
    /// skips.</summary>
    private static readonly string[] s_harmless =
    [
        "Unknown key name 'DelegateSubgroup'",
        "Unknown key 'DelegateSubgroup'",
        "is not executable: No such file",
        "Failed to open /dev/tty",
        "Special user nobody",
    ];

    /// <summary>Verifies units and drop-ins together, so that they may name each other.</summary>
    /// <param name="units">File names, <c>NAME.service</c> or <c>NAME.service.d/10-sysctr.conf</c>, and their
    /// texts.</param>
    /// <param name="user">Whose systemd will have them; null for the system's.</param>
    /// <param name="meanwhile">Done while systemd reads, which takes it a tenth of a second, and to be left off once it
    /// has refused one; what it throws comes after systemd's verdict.</param>
    /// <param name="told">Told what systemd passes over, such as a setting that it does not know: it runs the unit all
    /// the same. Told before what <paramref name="meanwhile"/> throws.</param>
    /// <param name="cancellation">Ends systemd-analyze.</param>
    /// <exception cref="SysctrException">Template: systemd refuses one, in systemd's own words.</exception>
    public static async Task VerifyAsync(
        IReadOnlyList<(string FileName, string Text)> units,
        HostUser? user,
        Action<CancellationToken> meanwhile,
        Action<UnitComplaint> told,
        CancellationToken cancellation
    )
    {
        ExceptionDispatchInfo? failed = null;
        IReadOnlyList<UnitComplaint> complaints = await FindAsync(
            units,
            user,
            stop =>
            {
                try
                {
                    meanwhile(stop);
                }
                catch (Exception e)
                {
                    failed = ExceptionDispatchInfo.Capture(e);
                }
            },
            cancellation
        );
        if (complaints.Any(c => c.IsVerdict))
        {
            throw new SysctrException(
                ErrorKind.Template,
                "verifying the units: systemd refuses them\n  | "
                    + string.Join("\n  | ", complaints.Select(c => c.Whole)),
                "'sysctr install --display' shows them"
            );
        }

        foreach (UnitComplaint passed in complaints)
        {
            told(passed);
        }

        failed?.Throw();
    }

    /// <summary>As <see cref="VerifyAsync"/>, but lists what systemd refuses.</summary>
    public static Task<IReadOnlyList<UnitComplaint>> FindAsync(
        IReadOnlyList<(string FileName, string Text)> units,
        HostUser? user,
        CancellationToken cancellation
    ) => FindAsync(units, user, static _ => { }, cancellation);

    private static async Task<IReadOnlyList<UnitComplaint>> FindAsync(
        IReadOnlyList<(string FileName, string Text)> units,
        HostUser? user,
        Action<CancellationToken> meanwhile,
        CancellationToken cancellation
    )
    {
        string[] toVerify =
        [
            .. units.Select(u => u.FileName).Where(f => !f.EndsWith(".conf", StringComparison.Ordinal)),
        ];
        if (toVerify.Length == 0)
        {
            meanwhile(cancellation);
            return [];
        }

        using UnitScratch scratch = await UnitScratch.WriteAsync(units, cancellation);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<IReadOnlyList<UnitComplaint>> reading = ReadAsync(scratch, toVerify, user, stop, cancellation);
        meanwhile(stop.Token);
        return await reading;
    }

    /// <summary>What systemd says; what is done meanwhile is cancelled where it refuses one.</summary>
    private static async Task<IReadOnlyList<UnitComplaint>> ReadAsync(
        UnitScratch scratch,
        string[] toVerify,
        HostUser? user,
        CancellationTokenSource stop,
        CancellationToken cancellation
    )
    {
        ProcessResult result = await ProcessRunner.RunAsync(
            "systemd-analyze",
            [
                .. user is null ? Array.Empty<string>() : ["--user"],
                "verify",
                "--man=no",
                "--recursive-errors=no",
                .. toVerify.Select(scratch.Loadable),
            ],
            cancellation
        );
        UnitComplaint[] complaints =
        [
            .. result
                .Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line =>
                    IsAbout(line, scratch.Directory, toVerify)
                    && !s_harmless.Any(h => line.Contains(h, StringComparison.Ordinal))
                )
                .Select(line => Complaint(line.Replace(scratch.Directory + "/", "", StringComparison.Ordinal))),
        ];
        if (complaints.Any(c => c.IsVerdict))
        {
            await stop.CancelAsync();
        }

        return complaints;
    }

    private static UnitComplaint Complaint(string line)
    {
        Match match = Place().Match(line);
        return match.Success
            ? new UnitComplaint(
                UnitScratch.Original(match.Groups["unit"].Value),
                int.TryParse(
                    match.Groups["line"].ValueSpan,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int number
                )
                    ? number
                    : null,
                // Without the name "Unit etcd.service has ..." is no sentence.
                line.StartsWith("Unit ", StringComparison.Ordinal)
                    ? line
                    : match.Groups["text"].Value,
                line
            )
            : new UnitComplaint("", null, line, line);
    }

    /// <summary>systemd also speaks of the host's other units; those are not ours to judge.</summary>
    private static bool IsAbout(string line, string directory, string[] units) =>
        line.Contains(directory, StringComparison.Ordinal)
        || units
            .Select(UnitScratch.Instance)
            .Any(u =>
                line.StartsWith(u + ":", StringComparison.Ordinal)
                || line.StartsWith("Unit " + u, StringComparison.Ordinal)
            );

    // "etcd.service:7: Neither a valid ...", "etcd.service: Service has no ExecStart=...", "Unit etcd.service has a bad
    // unit file setting."
    [GeneratedRegex(
        @"^(?:Unit )?(?<unit>[^\s:]+\.(?:service|socket|timer|path|conf))(?::(?<line>\d+))?:?\s+(?<text>.*)$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Place();
}

/// <summary>What systemd says of a unit.</summary>
/// <param name="Unit">Its file name, or a drop-in's; empty where systemd does not say.</param>
/// <param name="Line">From 1; null where it is about the whole.</param>
/// <param name="Text">In systemd's words, without the place.</param>
sealed record UnitComplaint(string Unit, int? Line, string Text, string Whole)
{
    /// <summary>
    /// systemd will not load the unit. It says so in a line of its own after the reason; of all else that it has to say
    /// it leaves out the line or the word and uses the rest, and units of images in use for years are full of such
    /// things.
    /// </summary>
    public bool IsVerdict =>
        Whole.StartsWith("Unit ", StringComparison.Ordinal)
        || Text.StartsWith("Failed to create ", StringComparison.Ordinal);
}
