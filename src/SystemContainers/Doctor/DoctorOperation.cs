// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.Doctor;

/// <summary>
/// Looks at all that sysctr needs of a host, and says how it is and what to do. Changes nothing, takes no lock, and
/// ends: each check has a time, and what does not answer in it is unknown.
/// </summary>
sealed class DoctorOperation(DoctorTarget target)
{
    /// <summary>How long one check may take; they run side by side.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    internal delegate Task<IReadOnlyList<DoctorFinding>> Check(DoctorTarget target, CancellationToken cancellation);

    /// <summary>In the order of the page.</summary>
    private IEnumerable<(string Name, Check Run)> Checks()
    {
        yield return ("sysctr", ToolCheck.RunAsync);
        if (target.IsRunning)
        {
            yield return ("systemd", SystemdCheck.RunAsync);
            yield return ("cgroups", (t, _) => Task.FromResult(CgroupCheck.Run(t)));
            yield return ("kernel", (t, _) => Task.FromResult(KernelCheck.Run(t)));
            yield return ("clock", (t, _) => Task.FromResult(ClockCheck.Run(t)));
        }
        else
        {
            yield return ("systemd", (t, _) => Task.FromResult(SystemdCheck.Offline(t)));
        }

        if (target.User is not null)
        {
            yield return ("user", (t, _) => Task.FromResult(UserCheck.Run(t)));
        }
        else
        {
            yield return ("user", (t, _) => Task.FromResult(UserRangeCheck.Run(t)));
        }

        yield return ("runtime", RuntimeCheck.RunAsync);
        yield return ("network", (t, _) => Task.FromResult(NetworkCheck.Run(t)));
        yield return ("configuration", (t, _) => Task.FromResult(ConfigurationCheck.Run(t)));
        yield return ("policy", (t, _) => Task.FromResult(TrustCheck.Policy(t)));
        yield return ("registries", (t, _) => Task.FromResult(TrustCheck.Registries(t)));
        yield return ("credentials", (t, _) => Task.FromResult(TrustCheck.Credentials(t)));
        yield return ("seccomp", (t, _) => Task.FromResult(ConfigurationCheck.Seccomp(t)));
        yield return ("store", (t, _) => Task.FromResult(StoreCheck.Run(t)));
        yield return ("space", (t, _) => Task.FromResult(SpaceCheck.Run(t)));
        yield return ("locks", (t, _) => Task.FromResult(LockCheck.Run(t)));
        yield return ("leftovers", (t, _) => Task.FromResult(LeftoverCheck.Run(t)));
        yield return ("recovery", UnitCheck.RecoveryAsync);
        yield return ("updates", (t, _) => Task.FromResult(UnitCheck.Updates(t)));
    }

    /// <summary>Looks at everything.</summary>
    /// <exception cref="OperationCanceledException">By the caller.</exception>
    public async Task<DoctorReport> RunAsync(CancellationToken cancellation)
    {
        Task<IReadOnlyList<DoctorFinding>>[] checks = [.. Checks().Select(c => RunAsync(c.Name, c.Run, cancellation))];
        return new DoctorReport([
            .. (await Task.WhenAll(checks))
                .SelectMany(f => f)
                .Select(f => f with { Remedy = TypedWords.For(target.Paths.TypedOptions, f.Remedy) }),
        ]);
    }

    /// <summary>One check, whatever becomes of it.</summary>
    internal async Task<IReadOnlyList<DoctorFinding>> RunAsync(string name, Check check, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        try
        {
            // What hangs in the kernel (a dead file server) or in D-Bus is left behind: its thread ends with this
            // process.
            return await Task.Run(() => check(target, limit.Token), limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return
            [
                DoctorFinding.Unknown(
                    name,
                    $"there was no answer in {Timeout.TotalSeconds:0} s",
                    "look for a disk, a file server or a bus that hangs"
                ),
            ];
        }
        catch (Exception e) when (HostFailure.Understand(e) is { } why)
        {
            return
            [
                why.Kind == ErrorKind.Permission || !target.IsRoot
                    ? DoctorFinding.Unknown(name, $"can't be looked at: {why.Message}", "call it as root")
                    : DoctorFinding.Problem(
                        name,
                        why.Message,
                        why.Hint ?? "see what the kernel says of it: 'journalctl --dmesg'"
                    ),
            ];
        }
    }
}
