// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Prepared;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>Whether what is prepared can come onto this host: places, names, rights, and what systemd says of the
/// units.</summary>
sealed class ContainerVerification(Host host)
{
    /// <summary>Has systemd read the units of all containers before any of them is on the host, where one has lines
    /// that are not ours.</summary>
    /// <param name="before">The deployments that they replace: what those have is free for them.</param>
    /// <param name="meanwhile">Done while systemd reads, once all else was in order.</param>
    /// <param name="cancellation">Ends systemd-analyze.</param>
    /// <exception cref="SysctrException">Template: a unit is not valid; Conflict: a name or file belongs to somebody
    /// else; Host: a place can't be written.</exception>
    public async Task VerifyAsync(
        IReadOnlyList<PreparedContainer> containers,
        IReadOnlyList<ContainerRecord> before,
        Action<CancellationToken> meanwhile,
        CancellationToken cancellation
    )
    {
        UnitFiles.CheckFree(
            host.Paths,
            [
                .. containers
                    .SelectMany(c => c.Record.UnitNames)
                    .Except(before.SelectMany(b => b.UnitNames), StringComparer.Ordinal),
            ]
        );
        HostFileSet files = new(host);
        foreach (PreparedContainer container in containers)
        {
            UserHostFiles.Check(host.User, container.Record);
            files.CheckPlaces(container);
            files.CheckFree(
                [.. container.Record.AllFiles],
                before.FirstOrDefault(b => b.Name == container.Record.Name)
            );
        }

        files.CheckRoom(containers);
        CheckEachOther(containers);
        InstallSections.Check(host.Paths, containers);
        foreach (
            ContainerRecord installed in containers.Select(c => c.Record).Where(c => before.All(b => b.Name != c.Name))
        )
        {
            new RightsGate(host).CheckInstall(installed);
        }

        if (containers.All(HasOwnUnits))
        {
            meanwhile(cancellation);
            return;
        }

        await UnitVerifier.VerifyAsync(
            [.. containers.SelectMany(c => c.Rendered.Units).Select(u => (u.FileName, u.Text))],
            host.User,
            meanwhile,
            passed => host.Note($"warning: systemd says of {passed.Whole}"),
            cancellation
        );
    }

    /// <summary>
    /// Whether every line of its units is sysctr's, whose templates the tests hold against systemd, and no author's or
    /// administrator's: systemd-analyze takes longer than all else of an install of what is in the store.
    /// </summary>
    private static bool HasOwnUnits(PreparedContainer container) =>
        container.Rendered.Units.All(u => u.Source is null) && container.Record.Declared is not { Lines.Count: > 0 };

    /// <summary>Two containers of one call can't both have a file: the first of them would find it, the second
    /// overwrite it.</summary>
    private static void CheckEachOther(IReadOnlyList<PreparedContainer> containers)
    {
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        foreach (ContainerRecord record in containers.Select(c => c.Record))
        {
            foreach (string path in record.AllFiles.Select(f => f.Path))
            {
                if (owners.GetValueOrDefault(path) == record.Name)
                {
                    throw new SysctrException(
                        ErrorKind.Conflict,
                        $"installing {path}: {record.Name} has it twice, as a file of the image and as what sysctr makes",
                        "leave the image's files for the host out with --system-package=absent"
                    );
                }

                if (!owners.TryAdd(path, record.Name))
                {
                    throw new SysctrException(
                        ErrorKind.Conflict,
                        $"installing {path}: both {owners[path]} and {record.Name} of this call have it",
                        "install one of them with --system-package=absent"
                    );
                }
            }
        }
    }
}
