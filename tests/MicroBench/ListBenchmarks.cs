// SPDX-License-Identifier: Apache-2.0

using BenchmarkDotNet.Attributes;
using SystemContainers.Oci;
using SystemContainers.State;

namespace SystemContainers.MicroBench;

/// <summary>What <c>list</c> reads of 100 containers, before it asks systemd.</summary>
public class ListBenchmarks
{
    private const int Containers = 100;

    private readonly string _store = Directory.CreateTempSubdirectory("sysctr-microbench-").FullName;

    [GlobalSetup]
    public void SetUp()
    {
        for (int i = 0; i < Containers; i++)
        {
            string container = Path.Combine(_store, "deployments", $"app{i}");
            Directory.CreateDirectory(Path.Combine(container, "0"));
            RecordDocument.Write(
                Path.Combine(container, "0", DeploymentDirectory.RecordName),
                Record($"app{i}"),
                StateJson.Default.ContainerRecord
            );
            File.CreateSymbolicLink(Path.Combine(container, "current"), "0");
        }

        if (new ContainerCatalog(_store).List().Count != Containers)
        {
            throw new InvalidOperationException("the records are not those of containers");
        }
    }

    [GlobalCleanup]
    public void CleanUp() => Directory.Delete(_store, recursive: true);

    [Benchmark]
    public object List() => new ContainerCatalog(_store).List();

    private static ContainerRecord Record(string name) =>
        new()
        {
            Name = name,
            Deployment = 0,
            InstalledAt = DateTimeOffset.UnixEpoch,
            Image = "docker://registry.example/etcd:latest",
            ManifestDigest = Digest.Sha256("manifest"u8),
            ImageId = Digest.Sha256("config"u8),
            Runtime = "/usr/sbin/runc",
            Set = new Dictionary<string, string>(),
            Values = Enumerable.Range(0, 30).ToDictionary(i => $"VARIABLE_{i}", i => $"value {i}"),
            Units = [new InstalledFile($"/etc/systemd/system/{name}.service", Digest.Sha256("unit"u8))],
            Enabled = [$"{name}.service"],
            StateDirectories = [$"/var/lib/{name}"],
            Labels = new Dictionary<string, string>(),
        };
}
