// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd;

/// <summary>
/// systemd, or the files that stand for it on a system that is not running. Calls wait until systemd has done what was
/// asked; each answer has a time-out of its own, a job has none but those of its unit. Cancelled is the wait: what
/// systemd was asked for goes on. All throw <see cref="Errors.SysctrException"/>: Unit with systemd's reason when it
/// refuses, Host where it can't be reached.
/// </summary>
interface ISystemdManager : IDisposable
{
    /// <summary>Whether units can be started, stopped and asked about; the calls below <see cref="DisableAsync"/> need
    /// it.</summary>
    bool IsBooted { get; }

    /// <summary>systemd's version, such as 252.</summary>
    Task<int> GetVersionAsync(CancellationToken cancellation);

    /// <summary>The variables that systemd gives every unit, by name (its property Environment, what
    /// <c>systemctl show-environment</c> shows).</summary>
    Task<IReadOnlyDictionary<string, string>> GetEnvironmentAsync(CancellationToken cancellation);

    /// <summary>Has systemd read all unit files anew.</summary>
    Task ReloadAsync(CancellationToken cancellation);

    /// <summary>Makes the links that the units' [Install] sections ask for; a systemd that runs knows of them with the
    /// next <see cref="ReloadAsync"/>.</summary>
    Task EnableAsync(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Removes those links, as <see cref="EnableAsync"/> makes them.</summary>
    Task DisableAsync(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Starts a unit and waits until it runs.</summary>
    /// <exception cref="Errors.SysctrException">Unit: it does not, with the true reason and the journal's last
    /// lines.</exception>
    Task StartAsync(string unit, CancellationToken cancellation);

    /// <summary>Stops a unit and waits until it has ended; one that does not run is no error.</summary>
    Task StopAsync(string unit, CancellationToken cancellation);

    /// <summary>Stops and starts a unit.</summary>
    /// <exception cref="Errors.SysctrException">As <see cref="StartAsync"/>.</exception>
    Task RestartAsync(string unit, CancellationToken cancellation);

    /// <summary>Starts units and waits until all run: in the order that their After= and Before= give, side by side
    /// where these give none.</summary>
    /// <param name="units">Names.</param>
    /// <param name="anew">Those of them that are restarted where they run.</param>
    /// <param name="cancellation">Ends the wait; what was queued goes on.</param>
    /// <exception cref="Errors.SysctrException">Unit: one does not, with the true reason; the others may still be on
    /// their way.</exception>
    Task StartTogetherAsync(IReadOnlyList<string> units, IReadOnlyList<string> anew, CancellationToken cancellation);

    /// <summary>Stops units and waits until all have ended, in the order that systemd gives; those that do not run are
    /// no error.</summary>
    Task StopTogetherAsync(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Watches services that were started; other units are taken as they are.</summary>
    /// <param name="units">Names.</param>
    /// <param name="time">How long; zero looks once, <see cref="Timeout.InfiniteTimeSpan"/> watches until it is
    /// cancelled or all have done their work.</param>
    /// <param name="mayEnd">
    /// One that has ended with success is no failure. It never is where that is how such units are: of Type=oneshot, or
    /// started by a socket, timer or path.
    /// </param>
    /// <exception cref="Errors.SysctrException">Unit: one failed, was started again by its Restart=, or
    /// ended.</exception>
    Task SettleAsync(IReadOnlyList<string> units, TimeSpan time, bool mayEnd, CancellationToken cancellation);

    /// <summary>Forgets that a unit failed; one that is not loaded is no error.</summary>
    Task ResetFailedAsync(string unit, CancellationToken cancellation);

    /// <summary>What systemd says of a unit; of one that is not there, that its LoadState is not-found.</summary>
    Task<UnitStatus> GetStatusAsync(string unit, CancellationToken cancellation);

    /// <summary>The same once the unit is not on its way to its end (deactivating); as it is when the time is
    /// over.</summary>
    /// <param name="unit">Its name.</param>
    /// <param name="patience">How long that is waited for, by systemd's signals.</param>
    Task<UnitStatus> GetSettledStatusAsync(string unit, TimeSpan patience, CancellationToken cancellation);

    /// <summary>How units are, in the order in which they are named, by one message for all of them.</summary>
    Task<IReadOnlyList<UnitState>> GetStatesAsync(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>How the files of units are enabled, by name, by one message for all of them: enabled, disabled, static,
    /// masked …; units without a file are left out.</summary>
    Task<IReadOnlyDictionary<string, string>> GetFileStatesAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    );

    /// <summary>What each of some units is started after, by its own After= and the Before= of others.</summary>
    Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> GetAfterAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    );

    /// <summary>The units that run now and that systemd stops when it stops one of these (Requires=, BindsTo=,
    /// PartOf=), at any remove.</summary>
    Task<IReadOnlyList<string>> GetRunningDependentsAsync(IReadOnlyList<string> units, CancellationToken cancellation);
}
