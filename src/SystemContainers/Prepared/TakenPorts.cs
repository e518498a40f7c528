// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Settings;
using SystemContainers.State;

namespace SystemContainers.Prepared;

/// <summary>
/// Published ports that somebody has before a container is installed which would start with them: what the start finds
/// at last (<see cref="HostPorts"/>), found where nothing has been changed. What a change may set free, it does not
/// judge: ports of containers that files declare, for the same call may take these away.
/// </summary>
static class TakenPorts
{
    /// <summary>Each that is taken, as it was said, and why it can't be had.</summary>
    /// <param name="name">The container's.</param>
    /// <param name="settings">Its own.</param>
    public static IEnumerable<(string Said, SysctrException Why)> Find(
        string name,
        ContainerSettings settings,
        IReadOnlyList<ContainerRecord> installed,
        bool isUsers
    )
    {
        string[] published = [.. settings.All(PublishedPort.Option)];
        if (
            published.Length == 0
            || settings.Spec.Network.Mode(isUsers) is not (NetworkMode.Bridge or NetworkMode.Pasta)
        )
        {
            yield break;
        }

        HashSet<string> declared = [name, .. installed.Where(r => r.Declared is not null).Select(r => r.Name)];
        PublishedPort[] free =
        [
            .. installed
                .Where(r => declared.Contains(r.Name))
                .SelectMany(r => r.Settings.All(PublishedPort.Option).Select(Recorded).OfType<PublishedPort>()),
        ];
        // One whose namespace has gone has ended, and its start takes what it had.
        NetworkRecord[] others = isUsers
            ? []
            : [.. NetworkRecords.All().Where(o => !declared.Contains(o.Id) && NetworkNamespace.IsThere(o.Namespace))];
        foreach (string said in published)
        {
            PublishedPort port = PublishedPort.Parse(said);
            if (port.HostPort == 0 || Array.Exists(free, f => f.Overlaps(port)))
            {
                continue;
            }

            if (Taken(port, others, name) is { } why)
            {
                yield return (said, why);
            }
        }
    }

    private static SysctrException? Taken(PublishedPort port, NetworkRecord[] others, string name)
    {
        try
        {
            _ = HostPorts.Claim([port], others, name, awaitsAddress: true);
            return null;
        }
        catch (SysctrException e)
        {
            return e;
        }
    }

    /// <summary>A record may have what no version takes any more.</summary>
    private static PublishedPort? Recorded(string text)
    {
        try
        {
            return PublishedPort.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
