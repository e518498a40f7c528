namespace SystemContainers.Register;

/// <summary>
/// systemd, or the files that stand for it on a system that is not running. Calls wait until systemd has done what was asked.
/// All throw <see cref="Errors.SysctrException"/> (Unit) with systemd's reason when it refuses.
/// </summary>
interface ISystemdManager : IDisposable
{
    /// <summary>Whether units can be started, stopped and asked about; the calls below <see cref="Disable"/> need it.</summary>
    bool IsBooted { get; }

    /// <summary>systemd's version, such as 252.</summary>
    int Version { get; }

    /// <summary>Has systemd read all unit files anew.</summary>
    void Reload(CancellationToken cancellation);

    /// <summary>Makes the links that the units' [Install] sections ask for; a systemd that runs knows of them with the next <see cref="Reload"/>.</summary>
    void Enable(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Removes those links, as <see cref="Enable"/> makes them.</summary>
    void Disable(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Starts a unit and waits until it runs.</summary>
    /// <exception cref="Errors.SysctrException">Unit: it does not, with the true reason and the journal's last lines.</exception>
    void Start(string unit, CancellationToken cancellation);

    /// <summary>Stops a unit and waits until it has ended; one that does not run is no error.</summary>
    void Stop(string unit, CancellationToken cancellation);

    /// <summary>Stops and starts a unit.</summary>
    /// <exception cref="Errors.SysctrException">As <see cref="Start"/>.</exception>
    void Restart(string unit, CancellationToken cancellation);

    /// <summary>Starts units and waits until all run: in the order that their After= and Before= give, side by side where these give none.</summary>
    /// <param name="units">Names.</param>
    /// <param name="anew">Those of them that are restarted where they run.</param>
    /// <param name="cancellation">Ends the wait; what was queued goes on.</param>
    /// <exception cref="Errors.SysctrException">Unit: one does not, with the true reason; the others may still be on their way.</exception>
    void StartTogether(IReadOnlyList<string> units, IReadOnlyList<string> anew, CancellationToken cancellation);

    /// <summary>Stops units and waits until all have ended, in the order that systemd gives; those that do not run are no error.</summary>
    void StopTogether(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Watches services that were started; other units are taken as they are.</summary>
    /// <param name="units">Names.</param>
    /// <param name="time">How long; zero looks once.</param>
    /// <param name="mayEnd">
    /// One that has ended with success is no failure. It never is where that is how such units are: of Type=oneshot, or started by
    /// a socket, timer or path.
    /// </param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Errors.SysctrException">Unit: one failed, was started again by its Restart=, or ended.</exception>
    void Settle(IReadOnlyList<string> units, TimeSpan time, bool mayEnd, CancellationToken cancellation);

    /// <summary>Forgets that a unit failed; one that is not loaded is no error.</summary>
    void ResetFailed(string unit, CancellationToken cancellation);

    /// <summary>What systemd says of a unit; of one that is not there, that its LoadState is not-found.</summary>
    UnitStatus GetStatus(string unit);

    /// <summary>What a unit is started after, by its own After= and the Before= of others.</summary>
    IReadOnlyList<string> GetAfter(string unit);

    /// <summary>The units that run now and that systemd stops when it stops one of these (Requires=, BindsTo=, PartOf=), at any remove.</summary>
    IReadOnlyList<string> RunningDependents(IReadOnlyList<string> units);
}
