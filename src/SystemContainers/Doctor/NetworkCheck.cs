// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Network;
using SystemContainers.Settings;

namespace SystemContainers.Doctor;

/// <summary>The programs that make containers' networks: netavark with a firewall and names for the system, pasta for a
/// user. What no container wants may be missing.</summary>
static class NetworkCheck
{
    private const string Name = "network";

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target) =>
        target.User is null
            ? [.. OfNetavark(target, isUsers: false)]
            : [OfPasta(target), .. ByName(target).Length > 0 ? OfNetavark(target, isUsers: true) : []];

    /// <summary>A user's containers on networks by name.</summary>
    private static string[] ByName(DoctorTarget target) => [.. Containers(target, isUsers: true, NetworkMode.Bridge)];

    private static IEnumerable<DoctorFinding> OfNetavark(DoctorTarget target, bool isUsers)
    {
        string[] on = [.. Containers(target, isUsers, NetworkMode.Bridge)];
        if (Find(target, "netavark") is not { } netavark)
        {
            yield return on.Length > 0
                ? DoctorFinding.Problem(
                    Name,
                    $"netavark is not there: {string.Join(", ", on)} can't start",
                    "'apt install netavark aardvark-dns' (or dnf)"
                )
                : DoctorFinding.Ok(
                    Name,
                    "netavark is not there; only containers with a network of their own need it: with -p, --ip, --network bridge or NAME, or of a .container file without Network= ('apt install netavark aardvark-dns')"
                );
            yield break;
        }

        string? firewall =
            Find(target, "nft") is not null ? "nftables"
            : Find(target, "iptables") is not null ? "iptables"
            : null;
        string? names = Find(target, "aardvark-dns");
        if (firewall is null)
        {
            const string Text = "neither nft nor iptables is there, by which netavark sets the firewall";
            const string Remedy = "'apt install nftables' (or dnf)";
            yield return on.Length > 0
                ? DoctorFinding.Problem(Name, $"{Text}: {string.Join(", ", on)} can't start", Remedy)
                : DoctorFinding.Ok(Name, $"{Text}; only containers on its networks need one");
        }

        string[] named =
        [
            .. Containers(target, s => NetworkRequest.Names(s, isUsers).Any(n => n != NetworkDefinition.Default)),
        ];
        if (names is null && named.Length > 0)
        {
            yield return DoctorFinding.Warning(
                Name,
                $"aardvark-dns is not there: {string.Join(", ", named)} and others on networks by name don't find each other by name",
                "'apt install aardvark-dns' (or dnf)"
            );
        }

        if (firewall is not null)
        {
            yield return DoctorFinding.Ok(
                Name,
                $"{netavark}, {firewall}{(names is null ? "" : $", {names}")}{(on.Length == 0 ? "; no container is on a network of it" : "")}"
            );
        }
    }

    private static DoctorFinding OfPasta(DoctorTarget target)
    {
        string[] on = [.. Containers(target, isUsers: true, NetworkMode.Pasta), .. ByName(target)];
        return Find(target, "pasta") is { } pasta ? DoctorFinding.Ok(Name, pasta)
            : on.Length > 0
                ? DoctorFinding.Problem(
                    Name,
                    $"pasta is not there: {string.Join(", ", on)} can't start",
                    "'apt install passt' (or dnf)"
                )
            : DoctorFinding.Ok(
                Name,
                "pasta is not there; only containers with a network of their own need it: with -p, --network pasta, bridge or NAME, or of a .container file without Network= ('apt install passt')"
            );
    }

    private static IEnumerable<string> Containers(DoctorTarget target, bool isUsers, NetworkMode mode) =>
        Containers(target, settings => NetworkSettings.Recorded(settings, isUsers).Mode == mode);

    private static IEnumerable<string> Containers(DoctorTarget target, Func<ContainerSettings, bool> wants) =>
        from record in target.Catalog.List(static _ => { })
        where record.Options is not null && wants(record.Settings)
        select record.Name;

    private static string? Find(DoctorTarget target, string program) =>
        NetworkPrograms.FindWhere(program, target.IsFile);
}
