// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Atomic;

/// <summary>The table: what <c>atomic</c> could be told, and what it is here (image-contract, "Commands people
/// know").</summary>
static class AtomicVerbs
{
    private static readonly AtomicOption s_storage = new(["--storage"], Ours: null, HasValue: true)
    {
        Values = new Dictionary<string, string?> { ["ostree"] = null },
        Instead = "images are kept in sysctr's own store; for docker's use docker or podman",
    };

    /// <summary>One store, but a name may be an image's and a container's.</summary>
    private static readonly AtomicOption s_mountStorage = s_storage with
    {
        Ours = "--storage",
        Values = new Dictionary<string, string?>
        {
            ["ostree"] = null,
            ["images"] = "images",
            ["containers"] = "containers",
        },
    };

    private static readonly AtomicOption s_name = new(["--name", "-n"], "--name", HasValue: true);
    private static readonly AtomicOption s_set = AtomicOption.Same("--set", hasValue: true) with
    {
        With = "--leave-out-unknown",
    };
    private static readonly AtomicOption s_grant = AtomicOption.Same("--grant", hasValue: true);
    private static readonly AtomicOption s_runtime = AtomicOption.Same("--runtime", hasValue: true);
    private static readonly AtomicOption s_json = AtomicOption.Same("--json");
    private static readonly AtomicOption s_allContainers = new(["--all", "-a"], "--all");
    private static readonly AtomicOption s_noHeading = new(["--noheading", "-n"], "--no-heading");
    private static readonly AtomicOption s_force = new(["--force", "-f"], "--force");
    private static readonly AtomicOption s_names = new(["--quiet", "-q"], "--names");
    private static readonly AtomicOption s_ids = new(["--quiet", "-q"], "--ids");
    private static readonly AtomicOption s_noAll = new(["--all", "-a"], Ours: null)
    {
        Instead = "name them; 'sysctr images list --ids' lists them",
    };
    private static readonly AtomicOption s_remote = new(["--remote"], Ours: null) { Verb = ["inspect"] };
    private static readonly AtomicOption s_filter = new(["--filter", "-f"], "--filter", HasValue: true);

    /// <summary>A list is never cut, and shows everything.</summary>
    private static readonly AtomicOption s_listing = AtomicOption.Dropped("--all", "-a", "--no-trunc");

    private static readonly AtomicOption s_noDisplay = AtomicOption.Refused(
        "--display",
        "'sysctr plan' tells what an installation, update or uninstallation would change"
    );

    private static readonly AtomicOption s_type = new(["--type", "-t"], Ours: null, HasValue: true)
    {
        Values = new Dictionary<string, string?> { ["docker"] = null, ["atomic"] = null },
        Instead = "a registry is a registry",
    };
    private static readonly AtomicOption s_credentials = new(["--src-creds"], Ours: null, HasValue: true)
    {
        Instead = "'sysctr login', 'skopeo login' or 'podman login' keeps them in auth.json, which is read here too",
    };

    private static readonly AtomicOption s_pushLogin = new(["--username", "-u"], Ours: null, HasValue: true)
    {
        Instead = "'sysctr login', 'skopeo login' or 'podman login' keeps them in auth.json, which is read here too",
    };
    private static readonly AtomicOption s_pushPassword = s_pushLogin with { Names = ["--password", "-p"] };
    private static readonly AtomicOption s_insecure = new(["--insecure", "-i"], Ours: null)
    {
        Instead = "set insecure = true for the registry in /etc/containers/registries.conf",
    };
    private static readonly AtomicOption s_signBy = new(["--sign-by", "-s"], Ours: null, HasValue: true)
    {
        Instead = "'skopeo copy --sign-by' or cosign sign images",
    };

    private static readonly AtomicOption s_systemPackage = new(["--system-package"], "--system-package", HasValue: true)
    {
        Values = new Dictionary<string, string?>
        {
            ["no"] = "no",
            ["auto"] = "no",
            ["absent"] = "absent",
        },
        Instead = "files of the image are installed and tracked without a package: no, or absent to leave them out",
    };

    /// <summary>Options before the verb and with every verb.</summary>
    public static AtomicOption Everywhere { get; } =
        AtomicOption.Dropped("--debug", "--assumeyes", "-y", "--ignore", "-i");

    public static AtomicVerb[] All { get; } =
    [
        new(
            "install",
            ["install"],
            AtomicOption.Same("--system"),
            AtomicOption.Same("--user"),
            s_name,
            s_set,
            s_grant,
            s_runtime,
            AtomicOption.Same("--display"),
            AtomicOption.Same("--rootfs", hasValue: true),
            s_systemPackage,
            s_storage
        ),
        new("uninstall", ["uninstall"], AtomicOption.Dropped("--force", "-f"), s_storage, s_noDisplay),
        new(
            "run",
            ["run", "--install"],
            s_name,
            s_set,
            s_grant,
            s_runtime,
            AtomicOption.Dropped("--quiet", "-q"),
            s_storage,
            AtomicOption.Dropped("--replace", "-r", "--spc"),
            s_noDisplay,
            new AtomicOption(["--detach", "-d"], Ours: null)
            {
                Instead = "a container runs in the background; a command in it can be sent there by the shell",
            }
        )
        {
            WithCommand = ["exec", "--or-run"],
        },
        new("stop", ["stop"], s_storage, s_noDisplay),
        new("pull", ["pull"], s_storage, s_type, s_credentials),
        new("tag", ["images", "tag"], s_storage),
        new("info", ["images", "info"], s_json, s_storage, s_remote),
        new("version", ["images", "version"], s_storage, AtomicOption.Dropped("--recurse", "-r")),
        new(
            "verify",
            ["images", "verify"],
            s_storage,
            AtomicOption.Dropped("--verbose", "-v", "--no-validate"),
            s_noAll
        ),
        new(
            "update",
            ["update"],
            s_set,
            s_grant,
            new AtomicOption(["--rebase"], "--rebase", HasValue: true),
            s_allContainers,
            AtomicOption.Dropped("--force", "-f"),
            s_storage
        ),
        new("ps", ["list"], s_json, s_listing, s_noHeading, s_names, s_filter),
        new("containers list", ["list"], s_json, s_listing, s_noHeading, s_names, s_filter),
        new(
            "containers update",
            ["update"],
            s_set,
            s_grant,
            new AtomicOption(["--rebase"], "--rebase", HasValue: true),
            s_allContainers
        ),
        new("containers rollback", ["rollback"]),
        new("containers delete", ["uninstall"], AtomicOption.Dropped("--force", "-f"), s_allContainers, s_storage),
        new("containers trim", ["prune"]),
        new("containers logs", ["logs"]),
        new(
            "diff",
            ["diff"],
            s_json,
            AtomicOption.Dropped("--verbose", "-v"),
            AtomicOption.Refused("--names-only", "the lines that begin with A, C or D are the files"),
            AtomicOption.Refused("--no-files", "the lines that begin with A, C or D are the files"),
            AtomicOption.Refused("--rpms", "packages are not compared; 'sysctr diff' shows the files")
        ),
        new("images list", ["images", "list"], s_json, s_filter, s_listing, s_noHeading, s_ids),
        new("images info", ["images", "info"], s_json, s_storage, s_remote),
        new("images pull", ["pull"], s_storage, s_type, s_credentials),
        new("images tag", ["images", "tag"], s_storage),
        new(
            "images delete",
            ["images", "delete"],
            s_force,
            s_allContainers,
            s_storage,
            AtomicOption.Refused("--remote", "'sysctr images delete --remote docker://IMAGE' deletes in a registry")
        ),
        new("images prune", ["images", "prune"]),
        new("images update", ["images", "update"], s_storage),
        new("images verify", ["images", "verify"], s_storage),
        new("images version", ["images", "version"], s_storage),
        new(
            "push",
            ["push"],
            s_storage,
            s_type,
            s_pushLogin,
            s_pushPassword,
            s_insecure,
            s_signBy,
            AtomicOption.Dropped("--verify_ssl"),
            AtomicOption.Refused("--pulp", "pulp is a registry: push to its host by name"),
            AtomicOption.Refused("--satellite", "satellite is a registry: push to its host by name")
        ),
        new("copy", ["copy"], s_storage, s_signBy, AtomicOption.Same("--all")) { TakesPlaces = true },
        new("images push", ["push"], s_storage, s_type, s_pushLogin, s_pushPassword, s_insecure, s_signBy),
        new("help", ["images", "help"], s_storage),
        new("images help", ["images", "help"], s_storage),
        new(
            "scan",
            ["scan"],
            AtomicOption.Same("--scanner", hasValue: true),
            AtomicOption.Same("--list"),
            s_json,
            new AtomicOption(["--containers"], "--all"),
            AtomicOption.Refused("--all", "--containers scans all containers; images are named"),
            AtomicOption.Dropped("--verbose"),
            AtomicOption.Refused("--images", "name the images; 'sysctr images list --ids' lists them"),
            AtomicOption.Refused("--scan_type", "a scanner's file says what it looks for: 'sysctr scan --list'"),
            AtomicOption.Refused("--rootfs", "a tree of the host is handed to a scanner without sysctr")
        ),
        AtomicVerb.Refused("sign", "'skopeo standalone-sign' or cosign sign images"),
        new("trust show", ["trust", "show"], s_json),
        new(
            "trust add",
            ["trust", "set"],
            new AtomicOption(["--pubkeys", "-k"], "--key", HasValue: true),
            new AtomicOption(["--type"], "--type", HasValue: true),
            new AtomicOption(["--sigstore"], "--lookaside", HasValue: true),
            AtomicOption.Refused(
                "--sigstoretype",
                "registries.d has registries alone: 'sysctr trust set --transport' is for others"
            ),
            AtomicOption.Refused("--keytype", "only keys of OpenPGP exist")
        ),
        new("trust delete", ["trust", "delete"]),
        new("trust default", ["trust", "set", "default", "--type"]),
        AtomicVerb.Refused("trust reset", "'sysctr trust show' lists the rules, 'sysctr trust delete' takes one away"),
        new(
            "mount",
            ["mount"],
            new AtomicOption(["--options", "-o"], "--options", HasValue: true),
            AtomicOption.Same("--shared"),
            s_mountStorage,
            AtomicOption.Refused("--live", "a container's files are read-only; 'sysctr exec' runs a command in it")
        ),
        new("umount", ["umount"]),
        new("unmount", ["umount"]),
        AtomicVerb.Refused("host", "'rpm-ostree' manages the host's own tree"),
        AtomicVerb.Refused("storage", "sysctr keeps everything below /var/lib/sysctr; 'sysctr images' manages it"),
        AtomicVerb.Refused("top", "'systemd-cgtop' shows the units' processes"),
        AtomicVerb.Refused("images generate", "images are verified file by file: 'sysctr images verify'"),
    ];
}
