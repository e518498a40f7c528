// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;

namespace SystemContainers.Fleet;

/// <summary>A roll-out as it was in one revision of etcd. <see cref="FleetSemaphore"/> has its keys.</summary>
/// <param name="Hosts">First come first.</param>
sealed record Rollout(long Revision, IReadOnlyList<RolloutHost> Hosts)
{
    /// <summary>Those for whom nobody else may begin.</summary>
    public IEnumerable<RolloutHost> Holders => Hosts.Where(h => h.Holds);

    public RolloutHost? Find(string id) => Hosts.FirstOrDefault(h => h.Id == id);

    /// <summary>Those that came earlier and are not through.</summary>
    public IReadOnlyList<RolloutHost> Before(RolloutHost host) =>
        [.. Hosts.Where(h => h.CreateRevision < host.CreateRevision)];

    /// <summary>Reads it out of what is below the key.</summary>
    /// <exception cref="SysctrException">Corrupt: a record is not what we write.</exception>
    public static Rollout Read(string key, RangeResponse range)
    {
        Dictionary<string, KeyValue> hosts = Below(range, $"{key}/hosts/");
        Dictionary<string, KeyValue> alive = Below(range, $"{key}/alive/");
        return new Rollout(
            range.Header.Revision,
            [
                .. from host in hosts
                orderby host.Value.CreateRevision
                select new RolloutHost(
                    host.Key,
                    Record(host.Value),
                    host.Value.CreateRevision,
                    host.Value.ModRevision,
                    alive.GetValueOrDefault(host.Key)?.Lease
                ),
            ]
        );
    }

    private static Dictionary<string, KeyValue> Below(RangeResponse range, string prefix) =>
        (range.KeyValues ?? [])
            .Where(kv => kv is not null)
            .Select(kv => (Name: Encoding.UTF8.GetString(kv.Key), KeyValue: kv))
            .Where(kv => kv.Name.StartsWith(prefix, StringComparison.Ordinal))
            // An etcd has each key once; what answers there may be something else.
            .DistinctBy(kv => kv.Name, StringComparer.Ordinal)
            .ToDictionary(kv => kv.Name[prefix.Length..], kv => kv.KeyValue, StringComparer.Ordinal);

    private static SlotRecord Record(KeyValue pair)
    {
        try
        {
            return OwnJson.Read(pair.Value ?? [], FleetJson.Line.SlotRecord);
        }
        catch (JsonException e)
        {
            string key = Encoding.UTF8.GetString(pair.Key);
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading {key} in etcd: {JsonFault.Of(e)}",
                $"if nobody needs it: etcdctl del {key}",
                e
            );
        }
    }
}
