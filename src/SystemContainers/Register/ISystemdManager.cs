namespace SystemContainers.Register;

/// <summary>
/// systemd, or the files that stand for it on a system that is not running. Calls wait until systemd has done what was asked.
/// All throw <see cref="Errors.SysctrException"/> (Unit) with systemd's reason when it refuses.
/// </summary>
interface ISystemdManager : IDisposable
{
    /// <summary>Whether units can be started, stopped and asked about; the four calls below <see cref="Disable"/> need it.</summary>
    bool IsBooted { get; }

    /// <summary>systemd's version, such as 252.</summary>
    int Version { get; }

    /// <summary>Has systemd read all unit files anew.</summary>
    void Reload(CancellationToken cancellation);

    /// <summary>Makes the links that the units' [Install] sections ask for.</summary>
    void Enable(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Removes those links.</summary>
    void Disable(IReadOnlyList<string> units, CancellationToken cancellation);

    /// <summary>Starts a unit and waits until it runs.</summary>
    /// <exception cref="Errors.SysctrException">Unit: it does not, with the true reason and the journal's last lines.</exception>
    void Start(string unit, CancellationToken cancellation);

    /// <summary>Stops a unit and waits until it has ended; one that does not run is no error.</summary>
    void Stop(string unit, CancellationToken cancellation);

    /// <summary>Stops and starts a unit.</summary>
    /// <exception cref="Errors.SysctrException">As <see cref="Start"/>.</exception>
    void Restart(string unit, CancellationToken cancellation);

    /// <summary>Forgets that a unit failed; one that is not loaded is no error.</summary>
    void ResetFailed(string unit, CancellationToken cancellation);

    /// <summary>What systemd says of a unit; of one that is not there, that its LoadState is not-found.</summary>
    UnitStatus GetStatus(string unit);

    /// <summary>The units that run now and that systemd stops when it stops one of these (Requires=, BindsTo=, PartOf=), at any remove.</summary>
    IReadOnlyList<string> RunningDependents(IReadOnlyList<string> units);
}
