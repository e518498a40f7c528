// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Reference;
using SystemContainers.Settings;

namespace SystemContainers.Quadlet;

/// <summary>
/// A .pod file: a network that containers share, with its ports and names, and what else they have in common. For
/// sysctr it is a container without a payload, whose unit makes the network; so it comes, changes and goes in one
/// transaction with the containers in it.
/// </summary>
static class PodFile
{
    public const string Section = "Pod";

    private const string PodName = "PodName";

    private const string StartWithPod = "StartWithPod";

    /// <summary>Keys that the pod's own unit needs, which mean what they mean in [Container].</summary>
    private static readonly string[] s_own =
    [
        "ContainersConfModule",
        "DNS",
        "DNSOption",
        "DNSSearch",
        "GlobalArgs",
        "IP",
        "IP6",
        "Label",
        "Network",
        "NetworkAlias",
        "PublishPort",
        "AddHost",
    ];

    /// <summary>Keys that each container in it gets as if it had them itself.</summary>
    private static readonly string[] s_common =
    [
        "AddHost",
        "DNS",
        "DNSOption",
        "DNSSearch",
        "GIDMap",
        "HostName",
        "RemapGid",
        "RemapUid",
        "RemapUidSize",
        "RemapUsers",
        "ShmSize",
        "StopTimeout",
        "SubGIDMap",
        "SubUIDMap",
        "UIDMap",
        "UserNS",
        "Volume",
    ];

    /// <summary>Keys of [Container] that are the pod's to say.</summary>
    private static readonly string[] s_networks = ["IP", "IP6", "Network", "NetworkAlias", "PublishPort"];

    private static readonly string[] s_others = ["ExitPolicy", PodmanArguments.Key, PodName, "ServiceName"];

    /// <summary>Keys of [Pod].</summary>
    public static IReadOnlyCollection<string> Known { get; } =
    [.. s_own.Union(s_common).Union(s_others).Order(StringComparer.Ordinal)];

    /// <summary>What the pod, and its unit, are called.</summary>
    public static string NameOf(QuadletUnit pod) =>
        (pod.Last(ContainerKeys.Ours, "Name") ?? pod.Last(Section, "ServiceName")) is { Text.Length: > 0 } name
            ? name.Text
            : pod.Stem.Replace('@', '-') + "-pod";

    /// <summary>Whether it is in the host's own network, so that there is none to be made.</summary>
    /// <param name="isUsers">It is for a user's systemd.</param>
    public static bool IsOnHost(QuadletUnit pod, bool isUsers) =>
        pod.All(Section, "Network") switch
        {
            [] => isUsers && pod.All(Section, "PublishPort").Count == 0,
            [.., var last] => last.Text == "host",
        };

    /// <summary>The pod as a file that declares a container.</summary>
    /// <param name="members">Files of the containers that start with it, by the names of their units.</param>
    /// <param name="faults">Gets what can't be carried out.</param>
    public static QuadletUnit AsContainer(QuadletUnit pod, IReadOnlyList<string> members, QuadletFaults faults)
    {
        foreach (QuadletLine line in pod.Of(Section).Where(l => !Known.Contains(l.Key, StringComparer.Ordinal)))
        {
            faults.Add(line.Value.Place, $"{line.Key}= is no key of [{Section}]", KeyGuess.Among(Known, line.Key));
        }

        foreach (string key in Known.Where(k => IsOne(k) && !s_own.Contains(k, StringComparer.Ordinal)))
        {
            SectionKeys.RefuseTwice(pod, Section, key, faults);
        }

        QuadletValue? exit = pod.Last(Section, "ExitPolicy");
        if (exit is { Text: not ("stop" or "continue" or "") })
        {
            faults.Add(exit.Place, $"ExitPolicy={exit.Text}: it is stop or continue");
        }

        return pod with
        {
            Name = NameOf(pod) + ".container",
            Lines =
            [
                Line(ContainerKeys.Container, "Image", ImageReference.Pod),
                .. exit?.Text == "continue" ? (QuadletLine[])[] : [Line("Unit", "StopWhenUnneeded", "yes")],
                .. members.SelectMany(m => (QuadletLine[])[Line("Unit", "Wants", m), Line("Unit", "Before", m)]),
                .. pod.Lines.Where(l => l.Section != Section),
                .. pod.Of(Section)
                    .Where(l => s_own.Contains(l.Key, StringComparer.Ordinal))
                    .Select(l => l with { Section = ContainerKeys.Container }),
            ],
        };

        QuadletLine Line(string section, string key, string value) =>
            new(section, key, new QuadletValue(value, pod.Place));
    }

    /// <summary>A container of the pod with what it has from it.</summary>
    /// <param name="container">Names the pod.</param>
    /// <param name="faults">Gets what can't be carried out.</param>
    public static QuadletUnit Joined(QuadletUnit container, QuadletUnit pod, QuadletHost host, QuadletFaults faults)
    {
        _ = SectionKeys.Yes(container, ContainerKeys.Container, StartWithPod, faults);
        foreach (string key in (string[])["Pod", StartWithPod])
        {
            SectionKeys.RefuseTwice(container, ContainerKeys.Container, key, faults);
        }

        string unit = NameOf(pod) + ".service";
        bool onHost = IsOnHost(pod, host.IsUser);
        foreach (
            QuadletLine line in container
                .Of(ContainerKeys.Container)
                .Where(l => s_networks.Contains(l.Key, StringComparer.Ordinal) && l.Value.Text.Length > 0)
                .DistinctBy(l => l.Key)
        )
        {
            faults.Add(
                line.Value.Place,
                $"{line.Key}=: the container is in {pod.Name}, whose network it has",
                $"write {line.Key}= into [{Section}] there"
            );
        }

        return container with
        {
            Lines =
            [
                Line("Network", onHost ? "host" : "container:" + NameOf(pod)),
                .. onHost ? (QuadletLine[])[Line("BindsTo", unit, "Unit"), Line("After", unit, "Unit")] : [],
                // Of the pod first: of a list the container's own count more, and of what there is one of the last
                // does.
                .. Inherited(container, pod, host, faults),
                .. container.Lines.Where(l =>
                    !(
                        l.Section == ContainerKeys.Container
                        && (l.Key is "Pod" or StartWithPod || s_networks.Contains(l.Key, StringComparer.Ordinal))
                    )
                ),
            ],
        };

        QuadletLine Line(string key, string value, string section = ContainerKeys.Container) =>
            new(section, key, new QuadletValue(value, pod.Place));
    }

    /// <summary>Refuses what a user's pod can't have: pasta enters the namespaces of a payload, and a pod has
    /// none.</summary>
    public static void CheckUsers(QuadletUnit pod, QuadletFaults faults)
    {
        QuadletValue? network = pod.All(Section, "Network") is [.., var last] ? last : null;
        QuadletValue? own =
            network is null ? (pod.All(Section, "PublishPort") is [var first, ..] ? first : null)
            : network.Text.Split(':')[0] is "bridge" or "private" or "pasta" or NetworkSetting.PodmanDefault ? network
            : null;
        if (own is not null)
        {
            faults.Add(
                own.Place,
                $"{(network is null ? "PublishPort" : "Network")}={own.Text}: a user's pod has the host's network, or one by name, which alone can publish ports",
                "write Network=host and no PublishPort=, or Network= with a network by name"
            );
        }
    }

    /// <summary>Whether a container starts when its pod does, as StartWithPod= says; unasked it does.</summary>
    public static bool StartsWith(QuadletUnit container) =>
        container.Last(ContainerKeys.Container, StartWithPod) is not { Text.Length: > 0 } said
        || SectionKeys.Yes(said, StartWithPod, new QuadletFaults());

    /// <summary>Whether one value of a key counts, the last.</summary>
    internal static bool IsOne(string key) =>
        !ContainerKeys.OfContainer.TryGetValue(key, out QuadletKey? same) || same.Form is KeyForm.One or KeyForm.Switch;

    private static IEnumerable<QuadletLine> Inherited(
        QuadletUnit container,
        QuadletUnit pod,
        QuadletHost host,
        QuadletFaults faults
    )
    {
        QuadletExpansion expansion = new(pod, NameOf(pod), host);
        HashSet<string> mounted =
        [
            .. container.All(ContainerKeys.Container, "Volume").Select(v => Destination(v.Text)),
        ];
        QuadletValue? named = pod.Last(Section, PodName);
        QuadletLine[] lines =
        [
            .. pod.Last(Section, "HostName") is null && !IsOnHost(pod, host.IsUser)
                ? (QuadletLine[])[new(Section, "HostName", HostNameOf(pod))]
                : [],
            .. pod.Of(Section).Where(l => s_common.Contains(l.Key, StringComparer.Ordinal) && l.Value.Text.Length > 0),
        ];
        foreach (QuadletLine line in lines)
        {
            if (IsOne(line.Key) && container.Last(ContainerKeys.Container, line.Key) is { Text.Length: > 0 })
            {
                continue;
            }

            string text;
            try
            {
                text = expansion.Word(line.Value.Text);
            }
            catch (FormatException e)
            {
                faults.Add(line.Value.Place, $"{line.Key}=: {e.Message}");
                continue;
            }

            if (line.Value.Place == named?.Place && Fault("hostname", text) is { } why)
            {
                faults.Add(
                    named.Place,
                    $"{PodName}={text}: as the host name of its containers, {why}",
                    "HostName= gives them another"
                );
                continue;
            }

            if (line.Key == "Volume")
            {
                if (mounted.Contains(Destination(text)))
                {
                    continue;
                }

                // Beside the pod, and not beside the container.
                text = text.StartsWith('.') ? Path.GetFullPath(text, Path.GetDirectoryName(pod.Path)!) : text;
            }

            // It is what it is by now; read once more it must not become something else.
            yield return new QuadletLine(
                ContainerKeys.Container,
                line.Key,
                line.Value with
                {
                    Text = text.Replace("%", "%%", StringComparison.Ordinal)
                        .Replace("$", "$$", StringComparison.Ordinal),
                }
            );
        }
    }

    /// <summary>Why a value is none of an option; null where it is one.</summary>
    private static string? Fault(string option, string value)
    {
        try
        {
            _ = SettingOptions.Find(option)!.Check(value);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static string Destination(string volume)
    {
        try
        {
            return VolumeSetting.Key(volume);
        }
        catch (FormatException)
        {
            // Told where it is read.
            return volume;
        }
    }

    /// <summary>All in a pod have its name as their host's.</summary>
    private static QuadletValue HostNameOf(QuadletUnit pod) =>
        pod.Last(Section, PodName) is { Text.Length: > 0 } name
            ? name
            : new QuadletValue(("systemd-" + pod.Stem).Replace('@', '-'), pod.Place);
}
