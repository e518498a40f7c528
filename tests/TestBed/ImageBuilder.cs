// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace SystemContainers.TestBed;

/// <summary>
/// Builds the images below tests/images from Debian packages: one base layer (Debian's required packages) that all
/// share, and a layer each. What lands in the cache is an OCI layout an image, and the storage of a registry that has
/// them all.
/// </summary>
public static class ImageBuilder
{
    private const string Suite = "bookworm";

    /// <summary>Changes when the recipes below do.</summary>
    private const string Recipe = "4";

    /// <summary>The tag of an image in its layout and in the registry.</summary>
    public const string Tag = "latest";

    /// <summary>The tag of the version after that, which images of a group have: one more layer, with
    /// <see cref="NextFile"/>.</summary>
    public const string NextTag = "2";

    /// <summary>What the next version of an image has, and the first has not.</summary>
    public const string NextFile = "/etc/image-version";

    // Package lists and archives are bound in, so that they are fetched once for all images and stay out of the layers;
    // the mount namespace takes the binds away when it ends. No service may start while packages configure themselves.
    private const string InstallScript = """
        root=$1; cache=$2; shift 2
        mkdir -p "$cache/lists/partial" "$cache/archives/partial"
        mount --bind "$cache/lists" "$root/var/lib/apt/lists"
        mount --bind "$cache/archives" "$root/var/cache/apt/archives"
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        cat /etc/resolv.conf > "$root/etc/resolv.conf"
        printf 'exit 101\n' > "$root/usr/sbin/policy-rc.d"
        chmod 755 "$root/usr/sbin/policy-rc.d"
        export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
        apt() { chroot "$root" apt-get -q -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"; }
        if [ -z "$(find "$cache/lists" -maxdepth 1 -type f -name '*_Packages*' -mmin -720)" ]; then
            apt update
        fi
        apt install -y --no-install-recommends "$@"
        rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
        rm -rf "$root"/var/cache/apt/*.bin "$root/var/cache/debconf" "$root/var/log/apt" "$root/var/log/dpkg.log"
        """;

    /// <summary>An OCI layout with the image under <see cref="Tag"/>.</summary>
    public static async Task<string> BuildAsync(ImageSource image)
    {
        string baseLayout =
            image.From is { } from ? await BuildAsync(from)
            : image.IsFromScratch ? await ScratchAsync()
            : await BaseAsync();
        string cached = await Cache.GetAsync(
            $"image-{image.Name}",
            [Recipe, KeyOf(baseLayout), Cache.HashOf(image.Folder)],
            folder => MakeAsync(image, baseLayout, LayoutIn(folder), Path.Combine(folder, "bundle"))
        );
        return LayoutIn(cached);
    }

    /// <summary>Registry storage with the images, each under its name; not to be changed.</summary>
    public static async Task<string> RegistryStorageAsync(IReadOnlyCollection<ImageSource> images)
    {
        Dictionary<ImageSource, string> layouts = [];
        foreach (ImageSource image in images)
        {
            layouts.Add(image, await BuildAsync(image));
        }

        return await Cache.GetAsync("registry", layouts.Values.Select(KeyOf), folder => PushAllAsync(layouts, folder));
    }

    private static async Task<string> BaseAsync()
    {
        await Packages.EnsureAsync();
        string cached = await Cache.GetAsync(
            "image-base",
            [Recipe, Suite],
            async folder =>
            {
                string layout = LayoutIn(folder);
                string bundle = Path.Combine(folder, "bundle");
                await Command.MustAsync("umoci", "init", "--layout", layout);
                await Command.MustAsync("umoci", "new", "--image", $"{layout}:{Tag}");
                await Command.MustAsync("umoci", "unpack", "--image", $"{layout}:{Tag}", bundle);
                await Command.MustAsync(
                    "mmdebstrap",
                    "--variant=minbase",
                    "--quiet",
                    "--aptopt=Acquire::Languages \"none\"",
                    Suite,
                    bundle + "/made"
                );
                await Command.MustAsync("rm", "-r", bundle + "/rootfs");
                Directory.Move(bundle + "/made", bundle + "/rootfs");
                await Command.MustAsync(
                    "rm",
                    "-f",
                    bundle + "/rootfs/etc/resolv.conf",
                    bundle + "/rootfs/etc/hostname"
                );
                await Command.MustAsync("umoci", "repack", "--image", $"{layout}:{Tag}", bundle);
                await Cache.DeleteAsync(bundle);
            }
        );
        return LayoutIn(cached);
    }

    private static async Task<string> ScratchAsync()
    {
        await Packages.EnsureAsync();
        return LayoutIn(
            await Cache.GetAsync(
                "image-scratch",
                [Recipe],
                async folder =>
                {
                    await Command.MustAsync("umoci", "init", "--layout", LayoutIn(folder));
                    await Command.MustAsync("umoci", "new", "--image", $"{LayoutIn(folder)}:{Tag}");
                }
            )
        );
    }

    private static string LayoutIn(string cached) => Path.Combine(cached, "layout");

    private static string KeyOf(string layout) => Path.GetFileName(Path.GetDirectoryName(layout)!);

    private static async Task MakeAsync(ImageSource image, string baseLayout, string layout, string bundle)
    {
        await Command.MustAsync("cp", "-a", baseLayout, layout);
        await Command.MustAsync("umoci", "unpack", "--image", $"{layout}:{Tag}", bundle);
        string rootfs = Path.Combine(bundle, "rootfs");
        if (image.ReadPackages() is { Length: > 0 } packages)
        {
            string cache = Path.Combine(Workspace.CacheRoot, "apt");
            using FileLock held = await FileLock.TakeAsync(Path.Combine(Workspace.CacheRoot, "locks", "image-apt"));
            await Command.MustAsync(
                "unshare",
                [
                    "--mount",
                    "--propagation",
                    "private",
                    "sh",
                    "-euc",
                    InstallScript,
                    "install",
                    rootfs,
                    cache,
                    .. packages,
                ]
            );
        }

        await CopyAsync(Path.Combine(image.Folder, "files"), rootfs);
        await CopyAsync(Path.Combine(image.Folder, "exports"), Path.Combine(rootfs, "exports"));
        string script = Path.Combine(image.Folder, "build");
        if (File.Exists(script))
        {
            await Command.MustAsync("chroot", rootfs, "sh", "-euc", await File.ReadAllTextAsync(script));
        }

        await Command.MustAsync("umoci", "repack", "--image", $"{layout}:{Tag}", bundle);
        await Command.MustAsync("umoci", ["config", "--image", $"{layout}:{Tag}", .. image.ReadConfigArguments()]);
        if (image.Tags.Contains(NextTag))
        {
            string file = Path.Combine(bundle, "next");
            await File.WriteAllTextAsync(file, NextTag + "\n");
            await Command.MustAsync("umoci", "insert", "--image", $"{layout}:{Tag}", "--tag", NextTag, file, NextFile);
        }

        await Command.MustAsync("umoci", "gc", "--layout", layout);
        if (image.ReadHealthcheck() is { } check)
        {
            SetHealthcheck(layout, check);
        }

        await Cache.DeleteAsync(bundle);
    }

    /// <summary>Puts a HEALTHCHECK into the configuration of all images of a layout, which umoci knows no option for,
    /// and forgets where it writes another.</summary>
    private static void SetHealthcheck(string layout, JsonObject check)
    {
        JsonNode index = JsonNode.Parse(File.ReadAllText(Path.Combine(layout, "index.json")))!;
        foreach (JsonNode? entry in index["manifests"]!.AsArray())
        {
            JsonNode manifest = ReadBlob(layout, entry!);
            JsonNode config = ReadBlob(layout, manifest["config"]!);
            config["config"]!["Healthcheck"] = check.DeepClone();
            WriteBlob(layout, config, manifest["config"]!);
            WriteBlob(layout, manifest, entry!);
        }

        File.WriteAllText(Path.Combine(layout, "index.json"), index.ToJsonString());
    }

    private static JsonNode ReadBlob(string layout, JsonNode descriptor) =>
        JsonNode.Parse(File.ReadAllText(BlobIn(layout, (string)descriptor["digest"]!)))!;

    private static void WriteBlob(string layout, JsonNode content, JsonNode descriptor)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content.ToJsonString());
        descriptor["digest"] = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        descriptor["size"] = bytes.Length;
        File.WriteAllBytes(BlobIn(layout, (string)descriptor["digest"]!), bytes);
    }

    private static string BlobIn(string layout, string digest) =>
        Path.Combine(layout, "blobs", digest.Replace(':', '/'));

    /// <summary>Copies a folder of sources over a tree, owned by root.</summary>
    private static async Task CopyAsync(string source, string target)
    {
        if (Directory.Exists(source))
        {
            Directory.CreateDirectory(target);
            await Command.MustAsync("cp", "-r", "--preserve=mode,links", source + "/.", target);
        }
    }

    private static async Task PushAllAsync(Dictionary<ImageSource, string> layouts, string storage)
    {
        await using Scratch scratch = await Scratch.CreateAsync();
        await using NetworkNamespace network = await NetworkNamespace.CreateAsync(scratch.Name);
        await using RegistryServer registry = await RegistryServer.StartAsync(
            scratch,
            network,
            storage,
            readOnly: false
        );
        foreach ((ImageSource image, string layout) in layouts)
        {
            foreach (string tag in image.Tags)
            {
                await registry.PushAsync(layout, tag == NextTag ? NextTag : Tag, $"{image.Name}:{tag}");
            }
        }
    }
}
