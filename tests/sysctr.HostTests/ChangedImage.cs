// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.HostTests;

/// <summary>An OCI layout on a host, whose image has the layers of one of ours and a configuration that a test has
/// changed.</summary>
sealed class ChangedImage(NspawnHost host)
{
    private const string Script = """
        import hashlib, json, sys
        layout, change = sys.argv[1:]

        def path(digest):
            return layout + "/blobs/" + digest.replace(":", "/")

        def read(descriptor):
            with open(path(descriptor["digest"])) as file:
                return json.load(file)

        def write(descriptor, document):
            data = json.dumps(document).encode()
            descriptor["digest"] = "sha256:" + hashlib.sha256(data).hexdigest()
            descriptor["size"] = len(data)
            with open(path(descriptor["digest"]), "wb") as file:
                file.write(data)

        with open(layout + "/index.json") as file:
            index = json.load(file)
        manifest = read(index["manifests"][0])
        image = read(manifest["config"])
        config = image["config"]
        exec(change)
        write(manifest["config"], image)
        write(index["manifests"][0], manifest)
        with open(layout + "/index.json", "w") as file:
            json.dump(index, file)
        """;

    private string Place => $"/srv/{Name}";

    /// <summary>The name that an install gives its container where nobody gives another.</summary>
    public string Name { get; } = Container.NewName();

    /// <summary>What install and update are given.</summary>
    public string Reference => $"oci:{Place}:{ImageBuilder.Tag}";

    /// <summary>Puts an image there, in place of what was there.</summary>
    /// <param name="host">Where.</param>
    /// <param name="change">Python that changes <c>config</c>, the image's execution parameters.</param>
    /// <param name="image">One of tests/images.</param>
    public static async Task<ChangedImage> MakeAsync(NspawnHost host, string change, string image = "probe")
    {
        ChangedImage made = new(host);
        await made.BecomeAsync(change, image);
        return made;
    }

    /// <summary>Its next version: the change is made to the image as it was built.</summary>
    public async Task BecomeAsync(string change, string image = "probe")
    {
        string target = host.Root + Place;
        await Command.MustAsync("rm", "-rf", target);
        await Command.MustAsync("cp", "-a", await ImageBuilder.BuildAsync(new ImageSource(image)), target);
        await host.MustAsync("python3", "-c", Script, Place, change);

        // Unprivileged users install it too.
        await Command.MustAsync("chmod", "-R", "a+rX", target);
    }
}
