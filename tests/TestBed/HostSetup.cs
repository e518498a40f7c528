// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>What every host gets on top of its Debian: a name, our binaries, and where images come from.</summary>
static class HostSetup
{
    /// <summary>Prepares the root directory of a host that is not running.</summary>
    public static async Task PrepareAsync(string root, string hostName)
    {
        await File.WriteAllTextAsync(Path.Combine(root, "etc/hostname"), hostName + "\n");
        await File.WriteAllTextAsync(
            Path.Combine(root, "etc/hosts"),
            $"127.0.0.1 localhost {hostName}\n::1 localhost\n"
        );
        string containers = Path.Combine(root, "etc/containers");
        Directory.CreateDirectory(containers);
        await File.WriteAllTextAsync(
            Path.Combine(containers, "registries.conf"),
            $"""
            unqualified-search-registries = ["{TestHost.Registry}"]

            [[registry]]
            location = "{TestHost.Registry}"
            insecure = true

            """
        );
        await File.WriteAllTextAsync(
            Path.Combine(containers, "policy.json"),
            """{ "default": [{ "type": "insecureAcceptAnything" }] }""" + "\n"
        );
        Directory.CreateDirectory(Path.Combine(root, "etc/sysctr"));

        // Most tests ask for something else than whether a payload lives on; those that do give a time of their own.
        await File.WriteAllTextAsync(Path.Combine(root, "etc/sysctr/sysctr.toml"), "settle = 0.5\n");
        await InstallAsync(root);
    }

    /// <summary>Puts the published binaries where the package would (<c>make install</c>).</summary>
    private static async Task InstallAsync(string root)
    {
        if (!File.Exists(Path.Combine(Workspace.Artifacts, "sysctr")))
        {
            throw new InvalidOperationException($"{Workspace.Artifacts}/sysctr is not there: run 'make build' first");
        }

        await Command.MustAsync(
            "make",
            "--no-print-directory",
            "-C",
            Workspace.Root,
            "install",
            $"DESTDIR={root}",
            "PREFIX=/usr"
        );
    }
}
