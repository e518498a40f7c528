// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>The image <c>etcd:rebuilt</c>: its base has the files of everybody's base, and another digest, for its
/// directories are younger, as after each build of a base.</summary>
static class RebuiltBase
{
    /// <summary>Its tag.</summary>
    public const string Tag = "rebuilt";

    // Entries are copied as they are; only the time of directories differs.
    private const string Rebuild = """
        import gzip, hashlib, json, os, sys, tarfile
        layout = sys.argv[1]
        def path(digest): return os.path.join(layout, "blobs", digest.replace(":", "/"))
        def put(data):
            digest = "sha256:" + hashlib.sha256(data).hexdigest()
            open(path(digest), "wb").write(data)
            return digest, len(data)
        index = json.load(open(os.path.join(layout, "index.json")))
        manifest = json.load(open(path(index["manifests"][0]["digest"])))
        config = json.load(open(path(manifest["config"]["digest"])))
        plain = os.path.join(layout, "plain.tar")
        with tarfile.open(path(manifest["layers"][0]["digest"])) as old, tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as new:
            for member in old:
                if member.isdir():
                    member.mtime = int(member.mtime) + 1
                    member.pax_headers.pop("mtime", None)
                new.addfile(member, old.extractfile(member) if member.isreg() else None)
        data = open(plain, "rb").read()
        os.unlink(plain)
        config["rootfs"]["diff_ids"][0] = "sha256:" + hashlib.sha256(data).hexdigest()
        manifest["layers"][0]["digest"], manifest["layers"][0]["size"] = put(gzip.compress(data, 6, mtime=0))
        manifest["config"]["digest"], manifest["config"]["size"] = put(json.dumps(config).encode())
        index["manifests"][0]["digest"], index["manifests"][0]["size"] = put(json.dumps(manifest).encode())
        json.dump(index, open(os.path.join(layout, "index.json"), "w"))
        """;

    /// <summary>A copy of registry storage that has the image too.</summary>
    public static async Task<string> AddAsync(string storage)
    {
        string etcd = await ImageBuilder.BuildAsync(new ImageSource("etcd"));
        return await Cache.GetAsync(
            "registry-rebuilt",
            [Rebuild, storage, etcd],
            async folder =>
            {
                await Command.MustAsync("cp", "-a", storage + "/.", folder);
                await using Scratch scratch = await Scratch.CreateAsync();
                string layout = scratch.File("layout");
                await Command.MustAsync("cp", "-a", etcd, layout);
                await Command.MustAsync("python3", "-c", Rebuild, layout);
                await using NetworkNamespace network = await NetworkNamespace.CreateAsync(scratch.Name);
                await using RegistryServer registry = await RegistryServer.StartAsync(
                    scratch,
                    network,
                    folder,
                    readOnly: false
                );
                await registry.PushAsync(layout, ImageBuilder.Tag, $"etcd:{Tag}");
            }
        );
    }
}
