// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Prepared;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Render;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.Templates;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs.Apply;

/// <summary>The files that declare what a host shall have, read for that host.</summary>
sealed class ApplyFiles(Host host)
{
    /// <summary>Where files are that no call names, of the system.</summary>
    public const string Place = "/etc/sysctr/containers.d";

    /// <summary>The directory that counts where none is named, as the host sees it.</summary>
    public string OwnPlace => host.User is { } user ? Path.Join(user.ConfigHome, "sysctr/containers.d") : Place;

    /// <summary>Reads what is declared, and throws where something of it can't be had.</summary>
    /// <param name="places">As they were typed; none for the host's own directory.</param>
    /// <param name="note">Told what is to be known although it is no fault.</param>
    /// <exception cref="SysctrException">Has a line for each fault; NotFound: a place is not there.</exception>
    public QuadletSet Read(IReadOnlyList<string> places, Action<string> note)
    {
        QuadletFaults faults = new();
        IReadOnlyList<QuadletUnit> units = QuadletFiles.Read(Here(places), Opened, faults);
        QuadletSet set = QuadletSet.Read(units, QuadletHosts.Of(host), faults);
        foreach (ContainerDeclaration container in set.Containers)
        {
            CheckHost(container, faults);
            CheckJoined(container, set, faults);
        }

        CheckPorts(set, faults);

        foreach (QuadletFault told in faults.Notes)
        {
            note(told.ToString());
        }

        faults.ThrowIfAny();
        return set;
    }

    /// <summary>Whether a file that is no more declared something was in the places of a call.</summary>
    /// <param name="file">As the host sees it.</param>
    /// <param name="places">As they were typed.</param>
    public bool Covers(string file, IReadOnlyList<string> places) =>
        Here(places)
            .Select(p => QuadletHosts.OnHost(host, p) ?? p)
            .Any(p => file == p || file.StartsWith(p.TrimEnd('/') + "/", StringComparison.Ordinal));

    private string[] Here(IReadOnlyList<string> places) =>
        places.Count == 0 ? [host.Inside(OwnPlace)] : [.. places.Select(Path.GetFullPath)];

    /// <summary>The path to open: links of a system below a directory are followed in there.</summary>
    private string Opened(string file) =>
        host.Root != "/" && QuadletHosts.OnHost(host, file) is { } onHost
            ? host.Inside(onHost)
            : new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file;

    /// <summary>What only the host tells: whether it has what is mounted, and who has the unit's name.</summary>
    private void CheckHost(ContainerDeclaration container, QuadletFaults faults)
    {
        foreach (
            QuadletValue source in container.HostSources.Where(s =>
                host.IsDirectory(s.Text) is null && !Path.Exists(host.Inside(s.Text))
            )
        )
        {
            if (
                container.Request.Declared!.Lines.Any(l =>
                    l is { Section: DeclaredUnit.Ours, Key: DeclaredUnit.Makes }
                    && l.Value == HostPath.Absolute(source.Text)
                )
            )
            {
                faults.Note(
                    source.Place,
                    $"the host has no {source.Text} to mount by now; the unit makes it before its payload starts"
                );
                continue;
            }

            if (BootPaths.MayCome(HostPath.Absolute(source.Text), host.Root != "/"))
            {
                if (host.Root == "/")
                {
                    faults.Note(
                        source.Place,
                        $"the host has no {source.Text} to mount by now; without it the container does not start"
                    );
                }

                continue;
            }

            faults.Add(
                source.Place,
                $"the host has no {source.Text} to mount",
                "make it first, or name a volume: NAME:DIR",
                ErrorKind.NotFound
            );
        }

        foreach (string secret in container.Request.Settings.All("secret"))
        {
            if (
                ContainerPreparer.SecretFault(
                    host,
                    SecretSetting.Parse(secret).Name,
                    container.Name,
                    container.Request.Declared!.Lines
                ) is
                { } fault
            )
            {
                faults.Add(
                    container.Said.Place("secret", secret),
                    container.Said.Text(new SettingFault("secret", secret, fault.Message)),
                    fault.Hint,
                    fault.Kind
                );
            }
        }

        NetworkStore networks = host.Target.Networks;
        foreach (
            string network in NetworkRequest
                .Names(container.Request.Settings, host.User is not null)
                .Where(n => !networks.Has(n) && !container.Request.NewNetworks.Contains(n, StringComparer.Ordinal))
        )
        {
            SysctrException lacking = networks.Lacking(network, host.Inside);
            QuadletValue? said = container
                .Unit.All(ContainerKeys.Container, "Network")
                .FirstOrDefault(v => v.Text.Split(':')[0] == network);
            faults.Add(
                said?.Place ?? container.Unit.Place,
                $"{(said is null ? "" : "Network=: ")}{lacking.Message}",
                host.Root == "/" ? lacking.Hint : $"declare it: a .network file with NetworkName={network}",
                lacking.Kind
            );
        }

        if (PodmanFile(container.Unit) is { } podmans)
        {
            faults.Add(
                container.Unit.Place,
                $"podman's generator makes {container.Name}.service already, of {podmans}",
                "take the file away from there, or give this one another name",
                ErrorKind.Conflict
            );
        }

        ContainerRecord? installed = host.Catalog.Find(container.Name);
        if (installed is { Declared: null })
        {
            faults.Add(
                container.Unit.Place,
                $"a container '{container.Name}' is installed that no file declares, from {installed.Image}",
                "give this one another name, or uninstall that one first",
                ErrorKind.Conflict
            );
        }
        else if (installed is null && UnitFiles.Find(host.Paths, container.Name + ".service") is { } there)
        {
            faults.Add(
                container.Unit.Place,
                $"{there} is there, and sysctr did not install it",
                "give the file another name, or remove that unit",
                ErrorKind.Conflict
            );
        }
    }

    /// <summary>A container whose network another one shares: its unit would wait for one that nobody makes.</summary>
    private void CheckJoined(ContainerDeclaration container, QuadletSet set, QuadletFaults faults)
    {
        const string prefix = QuadletNetworks.Container + ":";
        foreach (
            string name in container
                .Request.Settings.All(QuadletNetworks.Option)
                .Where(n => n.StartsWith(prefix, StringComparison.Ordinal))
                .Select(n => n[prefix.Length..])
                .Where(n => set.Containers.All(c => c.Name != n) && host.Catalog.Find(n) is null)
        )
        {
            faults.Add(
                container
                    .Unit.All(ContainerKeys.Container, "Network")
                    .FirstOrDefault(v => v.Text.StartsWith(prefix, StringComparison.Ordinal))
                    ?.Place
                    ?? container.Unit.Place,
                $"Network={prefix}{name}: there is no container '{name}', neither in the files nor installed",
                "add its file to the call and write Network=NAME.container, or install it first",
                ErrorKind.NotFound
            );
        }
    }

    /// <summary>Ports that would fail the start of what starts with this call; where the unit has what it conflicts
    /// with stopped, its start may set them free.</summary>
    private void CheckPorts(QuadletSet set, QuadletFaults faults)
    {
        if (!host.Systemd.IsBooted)
        {
            return;
        }

        ContainerRecord[] installed = [.. host.Catalog.List(_ => { })];
        foreach (
            ContainerDeclaration container in set.Containers.Where(c =>
                c.StartsItself && !c.OwnLines.Any(l => l is { Section: "Unit", Key: "Conflicts" })
            )
        )
        {
            foreach (
                (string said, SysctrException why) in TakenPorts.Find(
                    container.Name,
                    container.Request.Settings,
                    installed,
                    host.User is not null
                )
            )
            {
                faults.Add(
                    container.Said.Place(PublishedPort.Option, said),
                    container.Said.Text(new SettingFault(PublishedPort.Option, said, why.Message)),
                    why.Hint,
                    why.Kind
                );
            }
        }
    }

    /// <summary>The file by which podman has a unit of the same name; null for none.</summary>
    private string? PodmanFile(QuadletUnit unit)
    {
        string name = unit.Path.EndsWith(".pod", StringComparison.Ordinal) ? Path.GetFileName(unit.Path) : unit.Name;
        return QuadletHosts.PodmanFile(host, name);
    }
}
