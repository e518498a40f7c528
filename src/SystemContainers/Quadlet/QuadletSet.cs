// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Settings;

namespace SystemContainers.Quadlet;

/// <summary>All that files declare together.</summary>
/// <param name="Containers">In the order of the files.</param>
/// <param name="Networks">Networks by name.</param>
/// <param name="Images">Images that are fetched, whether or not a container is made of them.</param>
/// <param name="Faults">What is wrong, and what is to be known.</param>
sealed record QuadletSet(
    IReadOnlyList<ContainerDeclaration> Containers,
    IReadOnlyList<NetworkDefinition> Networks,
    IReadOnlyList<ImageFile> Images,
    QuadletFaults Faults
)
{
    /// <summary>Reads files.</summary>
    /// <param name="units">As they were found.</param>
    /// <param name="faults">Has what was wrong with their syntax.</param>
    public static QuadletSet Read(IReadOnlyList<QuadletUnit> units, QuadletHost host, QuadletFaults faults)
    {
        units =
        [
            .. units.Select(u =>
                u is { Type: "pod", Instance: not "" }
                    ? PodmanArguments.OfPod(u, new QuadletExpansion(u, PodFile.NameOf(u), host), faults)
                    : u
            ),
            .. units
                .Where(u => u is { Type: "container", Instance: "" })
                .Select(t => DefaultInstance(t, units, faults))
                .OfType<QuadletUnit>(),
        ];
        QuadletNames names = new(units, host);
        List<ContainerDeclaration> containers = [];
        List<ImageFile> images = [];
        List<NetworkDefinition> networks = [];
        List<string> made = [];
        foreach (QuadletUnit unit in units)
        {
            if (unit.Lines.Count == 0 && unit.Type is not ("network" or "volume" or "pod"))
            {
                faults.Add(unit.Place, "it declares nothing");
                continue;
            }

            switch (unit.Type)
            {
                case "container" when unit.Instance is "":
                    break;
                case "container":
                    QuadletUnit? pod = PodOf(unit, names);
                    ContainerDeclaration declared = new ContainerReader(
                        pod is null ? unit : PodFile.Joined(unit, pod, host, faults),
                        names,
                        host,
                        faults
                    ).Read();
                    containers.Add(
                        declared with
                        {
                            IsStartedByAnother = pod?.Has("Install") == true && PodFile.StartsWith(unit),
                        }
                    );
                    break;
                case "volume":
                    VolumeFile.Check(unit, faults);
                    break;
                case "image":
                    images.Add(ImageFile.Read(unit, host, faults));
                    break;
                case "network":
                    if (Declare(unit, networks, host, faults) is { } name)
                    {
                        made.Add(name);
                    }

                    break;
                case "pod" when unit.Instance is "":
                    faults.Add(unit.Place, "a template of a pod can't be had", "write a file for each pod");
                    break;
                case "pod":
                    if (host.IsUser)
                    {
                        PodFile.CheckUsers(unit, faults);
                    }

                    string[] members =
                    [
                        .. units
                            .Where(u =>
                                u is { Type: "container", Instance: not "" }
                                && PodOf(u, names)?.Name == unit.Name
                                && PodFile.StartsWith(u)
                            )
                            .Select(u => names.NameOf(u) + ".service"),
                    ];
                    containers.Add(
                        new ContainerReader(PodFile.AsContainer(unit, members, faults), names, host, faults).Read()
                    );
                    break;
                default:
                    faults.Add(unit.Place, $"a .{unit.Type} file can't be had: {Reason(unit.Type)}");
                    break;
            }
        }

        RefuseTwice(containers, faults);
        RefusePorts(containers, faults);
        RefuseCycle(containers, faults);
        return new QuadletSet(
            [.. containers.Select(c => c with { Request = c.Request with { NewNetworks = made } })],
            networks,
            images,
            faults
        );
    }

    private static QuadletUnit? PodOf(QuadletUnit container, QuadletNames names) =>
        container.Last(ContainerKeys.Container, "Pod") is { Text: var pod }
        && pod.EndsWith(".pod", StringComparison.Ordinal)
            ? names.Find(pod)
            : null;

    /// <summary>Takes a .network file.</summary>
    /// <returns>The network's name, also where something of it can't be had; null where there is none.</returns>
    private static string? Declare(
        QuadletUnit unit,
        List<NetworkDefinition> networks,
        QuadletHost host,
        QuadletFaults faults
    )
    {
        NetworkFile file = NetworkFile.Read(unit, host, faults);
        if (QuadletNetworks.Declare(file, host.IsUser, faults) is { } network)
        {
            NetworkDefinition? other = networks.Find(n => n.Name == network.Name);
            if (other is null)
            {
                networks.Add(network with { File = host.OnHost(unit.Path) ?? unit.Path });
            }
            else if ((other with { File = null }).ToJson() != network.ToJson())
            {
                // Of equal ones, such as each of several applications brings along, podman makes one.
                faults.Add(
                    file.SaidName?.Place ?? unit.Place,
                    $"{other.File} declares the network {network.Name} too, and otherwise",
                    "give one of them another NetworkName=, or write the same into both",
                    ErrorKind.Conflict
                );
            }
        }

        return file.Name;
    }

    private static string Reason(string type) =>
        type switch
        {
            "kube" => "write a .container file for each of its containers",
            "build" => "sysctr builds no images; build it with podman or buildah, push it, and name it with Image=",
            _ => "sysctr fetches images alone; put the files into an image, or onto the host",
        };

    /// <summary>A template alone is nothing that could be started; its DefaultInstance= is, as if there were a link to
    /// it.</summary>
    private static QuadletUnit? DefaultInstance(
        QuadletUnit template,
        IReadOnlyList<QuadletUnit> units,
        QuadletFaults faults
    )
    {
        if (template.Last("Install", "DefaultInstance") is { Text.Length: > 0 } instance)
        {
            string name = $"{template.Prefix}@{instance.Text}.container";
            return units.Any(u => u.Name == name) ? null : template with { Name = name };
        }

        if (!units.Any(u => u.Type == "container" && u.Prefix == template.Prefix && u.Instance is { Length: > 0 }))
        {
            faults.Note(
                template.Place,
                $"a template without an instance: nothing is installed of it. A link {template.Prefix}@NAME.container to it makes one, or DefaultInstance= in [Install]"
            );
        }

        return null;
    }

    private static void RefuseTwice(List<ContainerDeclaration> containers, QuadletFaults faults)
    {
        foreach (
            IGrouping<string, ContainerDeclaration> name in containers
                .GroupBy(c => c.Name, StringComparer.Ordinal)
                .Where(g => g.Count() > 1)
        )
        {
            ContainerDeclaration[] all = [.. name];
            faults.Add(
                all[1].Unit.Place,
                $"it makes {name.Key}.service, and so does {all[0].Unit.Path}",
                "give one of them another name",
                ErrorKind.Conflict
            );
        }
    }

    /// <summary>Two containers at one port of the host can't run at a time; where they shall not, one of them says so,
    /// by Conflicts=. Where nothing starts the one of itself, that is nobody's fault yet.</summary>
    private static void RefusePorts(List<ContainerDeclaration> containers, QuadletFaults faults)
    {
        List<(ContainerDeclaration Container, string Text, PublishedPort Port)> published =
        [
            .. containers
                .Where(c => !c.Request.Settings.All(QuadletNetworks.Option).Contains("host", StringComparer.Ordinal))
                .SelectMany(c =>
                    c.Request.Settings.All(PublishedPort.Option).Select(p => (c, p, PublishedPort.Parse(p)))
                ),
        ];
        for (int i = 0; i < published.Count; i++)
        {
            (ContainerDeclaration container, string text, PublishedPort port) = published[i];
            foreach (
                (ContainerDeclaration other, string taken, PublishedPort _) in published
                    .Take(i)
                    .Where(p =>
                        p.Container.Name != container.Name
                        && p.Port.Overlaps(port)
                        && !Excludes(p.Container, container)
                        && !Excludes(container, p.Container)
                    )
            )
            {
                QuadletPlace place = container.Said.Place(PublishedPort.Option, text);
                string both =
                    $"PublishPort={text}: {other.Said.Place(PublishedPort.Option, taken)} has {port.Shared(PublishedPort.Parse(taken))}, too";
                if (container.StartsItself && other.StartsItself)
                {
                    faults.Add(
                        place,
                        both,
                        $"take another port, or write Conflicts={other.Name}.service where one of the two runs at a time",
                        ErrorKind.Conflict
                    );
                }
                else
                {
                    faults.Note(
                        place,
                        $"{both}: while one of the two runs, the other does not start; Conflicts={other.Name}.service stops the one for the other"
                    );
                }
            }
        }

        static bool Excludes(ContainerDeclaration one, ContainerDeclaration other) =>
            one.OwnLines.Any(l =>
                l is { Section: "Unit", Key: "Conflicts" }
                && l.Value.Split(' ').Contains(other.Name + ".service", StringComparer.Ordinal)
            );
    }

    /// <summary>systemd would leave out one of the starts, and not say so before.</summary>
    private static void RefuseCycle(List<ContainerDeclaration> containers, QuadletFaults faults)
    {
        Dictionary<string, List<(string Unit, QuadletPlace Place)>> after = containers
            .DistinctBy(c => c.Name)
            .ToDictionary(
                c => c.Name + ".service",
                c => c.After.Select(a => (a.Text, a.Place)).ToList(),
                StringComparer.Ordinal
            );
        foreach (ContainerDeclaration container in containers)
        {
            foreach (QuadletValue before in container.Before.Where(b => after.ContainsKey(b.Text)))
            {
                after[before.Text].Add((container.Name + ".service", before.Place));
            }
        }

        HashSet<string> done = new(StringComparer.Ordinal);
        foreach (string start in after.Keys)
        {
            if (Cycle(start, after, [], done) is { } cycle)
            {
                faults.Add(
                    cycle[0].Place,
                    $"these wait for each other: {string.Join(", ", cycle.Select(c => c.Unit))}",
                    "take one After= or Before= out"
                );
                return;
            }
        }
    }

    private static List<(string Unit, QuadletPlace Place)>? Cycle(
        string unit,
        Dictionary<string, List<(string Unit, QuadletPlace Place)>> after,
        List<(string Unit, QuadletPlace Place)> path,
        HashSet<string> done
    )
    {
        if (done.Contains(unit))
        {
            return null;
        }

        foreach ((string next, QuadletPlace place) in after[unit].Where(a => after.ContainsKey(a.Unit)))
        {
            int at = path.FindIndex(p => p.Unit == next);
            List<(string Unit, QuadletPlace Place)> longer = [.. path, (unit, place)];
            if (next == unit || at >= 0)
            {
                return next == unit ? [(unit, place)] : longer[at..];
            }

            if (Cycle(next, after, longer, done) is { } cycle)
            {
                return cycle;
            }
        }

        done.Add(unit);
        return null;
    }
}
