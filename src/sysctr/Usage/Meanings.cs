// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Usage;

/// <summary>
/// What other tools call what we have (podman, docker, systemctl, apt, git), and what we have not. A word that is near
/// by its letters is often far by its meaning: <c>show</c> is not <c>stop</c>.
/// </summary>
static class Meanings
{
    private static readonly Dictionary<string, Dictionary<string, string>> s_verbs = new(StringComparer.Ordinal)
    {
        ["sysctr"] = Words(
            ("add create deploy setup", "install"),
            ("rm remove delete del erase deinstall purge", "uninstall"),
            ("ps ls containers container ls-containers", "list"),
            ("rmi", "images delete"),
            ("image", "images"),
            ("show describe", "info"),
            ("tags", "list-tags"),
            ("bom provenance attestation attestations", "sbom"),
            ("upgrade up refresh", "update"),
            ("downgrade revert undo back", "rollback"),
            ("log journal journalctl", "logs"),
            ("sh shell bash attach enter console", "exec"),
            ("kill halt", "stop"),
            ("reload", "restart"),
            ("check scrub", "fsck"),
            ("verify", "images verify"),
            ("tag", "images tag"),
            ("validate", "lint"),
            ("gc clean cleanup clear autoremove vacuum trim", "prune"),
            ("du disk space usage", "df"),
            ("hold lock", "pin"),
            ("unhold unlock", "unpin"),
            ("preview simulate dry-run", "plan"),
            ("converge reconcile sync quadlet", "apply"),
            ("convert migrate translate generate", "from"),
            ("compose docker-compose", "from compose"),
            ("compare changes", "diff"),
            ("events audit", "history"),
            ("deployments revisions", "list --all"),
            ("mounts", "mount"),
            ("fetch get download", "pull"),
            ("load import", "images load"),
            ("save export", "images save"),
            ("upload publish", "push"),
            ("cp-image", "copy"),
            ("repair", "fsck --repair"),
            ("health", "status")
        ),
        ["sysctr images"] = Words(
            ("ls ps show-all", "list"),
            ("rm rmi remove del untag", "delete"),
            ("inspect show describe", "info"),
            ("gc clean cleanup", "prune"),
            ("check", "verify"),
            ("upgrade refresh", "update"),
            ("pull fetch", "sysctr pull"),
            ("push", "sysctr push"),
            ("copy", "sysctr copy"),
            ("export", "save"),
            ("import", "load")
        ),
        ["sysctr plan"] = Words(
            ("rm remove delete purge", "uninstall"),
            ("upgrade", "update"),
            ("revert downgrade", "rollback"),
            ("add create", "install")
        ),
        ["sysctr network"] = Words(
            ("ls show inspect info", "list"),
            ("rm delete del", "remove"),
            ("add new make", "create")
        ),
        ["sysctr rollout"] = Words(("list ls show", "status"), ("unlock resume continue", "release")),
    };

    private static readonly Dictionary<string, string> s_elsewhere = Words(
        ("build commit", "'podman build' or 'buildah' make images"),
        (
            "search",
            "'sysctr list-tags HOST/NAME' lists the tags of what a registry has; a registry's own pages search it"
        ),
        ("top stats", "'systemd-cgtop' shows what the units use"),
        ("enable disable mask unmask edit cat", "systemctl does that: a container is an ordinary unit"),
        ("cp", "'sysctr mount NAME DIR' shows a container's files; its state is below /var/lib/NAME"),
        ("rename", "install it by another name with --name, and uninstall the old one")
    );

    private static readonly Dictionary<string, string> s_options = Words(
        (
            "--dry-run --simulate --whatif",
            "'sysctr plan' in front of install, update, rollback or uninstall shows what would change, 'sysctr apply --plan' what apply would"
        ),
        ("--yes --assumeyes --assume-yes --noconfirm -y", "leave it out: nothing is asked"),
        ("--build-arg", "'--set VAR=VALUE' sets a variable of the image's templates"),
        ("--start --enable-now", "did you mean '--now'?"),
        ("--format --output -o", "'--json' prints all of it, for jq and the like"),
        ("--detach -d --rm", "leave it out: a container runs in the background as a unit, and 'sysctr run' removes it"),
        ("--tag", "write it behind the image: IMAGE:TAG"),
        (
            "--publish -p --network --net",
            "'sysctr install' and 'sysctr update' take '--network' and '-p'; without them a container has the host's network"
        ),
        (
            "--privileged",
            "'sysctr install' and 'sysctr update' take '--privileged'; '--cap-add', '--security-opt', '--device' and '--volume' say what of it is needed"
        ),
        ("--device", "'sysctr install' and 'sysctr update' take '--device'"),
        (
            "--gpus",
            "'--device nvidia.com/gpu=all' of 'sysctr install' and 'sysctr update' gives what the driver's specification (CDI) describes; '--device /dev/dri' gives nodes"
        ),
        ("--restart", "'systemctl edit NAME' sets Restart= and what else a unit has"),
        ("--verbose --debug", "leave it out; SYSCTR_TRACE=1 in the environment shows where a defect is"),
        ("--no-legend --noheading --no-headings", "did you mean '--no-heading'?"),
        ("--delete-data --remove-data", "did you mean '--purge'?"),
        ("--version -V", "'sysctr version' prints it")
    );

    /// <summary>The verb that is meant by a word of another tool; null where none is known.</summary>
    /// <param name="called">Behind what it stood, <c>sysctr images</c>.</param>
    public static string? Verb(string called, string word) =>
        s_verbs.GetValueOrDefault(called)?.GetValueOrDefault(word);

    /// <summary>What to use for a verb that we do not have, or for an option; null where nothing is known.</summary>
    public static string? Advice(string word) =>
        (word.StartsWith('-') ? s_options : s_elsewhere).GetValueOrDefault(word.Split('=')[0]);

    private static Dictionary<string, string> Words(params (string Words, string Meaning)[] meanings) =>
        new(
            from meaning in meanings
            from word in meaning.Words.Split(' ')
            select KeyValuePair.Create(word, meaning.Meaning),
            StringComparer.Ordinal
        );
}
