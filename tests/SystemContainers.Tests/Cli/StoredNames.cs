// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Tests.Cli;

/// <summary>A system below a directory on which two containers and an image are, as far as completion looks.</summary>
public sealed class StoredNames : IDisposable
{
    public StoredNames()
    {
        foreach (string place in (string[])["etc", "var/lib", "images/one"])
        {
            Directory.CreateDirectory(Path.Join(Root, place));
        }

        using Host host = Host.Open(Root, _ => { });
        Digest digest = Digest.Sha256("x"u8);
        host.OpenStore()
            .Images.Set(
                new ImageRecord("docker://127.0.0.1:5000/etcd:latest", digest, digest, [], DateTimeOffset.UtcNow)
            );
        foreach ((string container, int[] deployments) in ((string, int[])[])[("etcd", [0, 12]), ("flanneld", [3])])
        {
            foreach (int number in deployments)
            {
                Directory.CreateDirectory(Path.Join(host.StoreHere, "deployments", container, number.ToString()));
            }

            File.CreateSymbolicLink(
                Path.Join(host.StoreHere, "deployments", container, "current"),
                deployments[0].ToString()
            );
        }
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("sysctr-complete-").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
