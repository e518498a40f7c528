// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>A release of etcd, as Debian has it.</summary>
/// <param name="Directory">Where its programs are; empty for those in the path.</param>
public sealed record EtcdRelease(string Directory)
{
    /// <summary>That of the build machine, which is the oldest supported one: 3.4.</summary>
    public static EtcdRelease Oldest { get; } = new("");

    /// <summary>That of the newest Debian; only unpacked, for its programs need nothing but libc.</summary>
    public static async Task<EtcdRelease> NewestAsync()
    {
        await Packages.EnsureAsync();
        string cached = await Cache.GetAsync(
            "etcd-trixie",
            ["1"],
            async folder =>
                await Command.MustAsync(
                    "mmdebstrap",
                    "--variant=extract",
                    "--quiet",
                    "--include=etcd-server,etcd-client",
                    "trixie",
                    Path.Combine(folder, "root")
                )
        );
        return new EtcdRelease(Path.Combine(cached, "root/usr/bin"));
    }

    /// <summary>Path of <c>etcd</c> or <c>etcdctl</c>.</summary>
    public string Program(string name) => Path.Combine(Directory, name);
}
