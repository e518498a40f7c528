// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// The arguments of <c>sysctr launch tmpfiles FILE</c>, of
/// <c>sysctr launch health|startup|await --runtime=PATH --bundle=DIR UNIT</c>, of
/// <c>sysctr launch network-up --bundle=DIR [--instance=I] NAME</c> and <c>network-down [--instance=I] NAME</c>, of
/// <c>sysctr launch check|own|pasta --bundle=DIR NAME</c>, and of
/// <c>sysctr launch VERB --runtime=PATH [--instance=I] [--pid-file=FILE] [--bundle=DIR] [--composefs=DIGEST]
/// [--ready|--foreground] [--notify] NAME</c>.
/// They are written by <c>UnitPlan</c> and <c>HealthTimer</c>, and by nobody else; those that older versions wrote are
/// on disks, so that none is ever taken back.
/// </summary>
/// <param name="Verb">start, kill, delete, tmpfiles, check, health, startup, await, network-up, network-down,
/// own, pasta.</param>
/// <param name="Name">The container; for tmpfiles the file; for health, startup and await the unit.</param>
/// <param name="Runtime">Absolute path; empty for tmpfiles, check, own, pasta and networks.</param>
/// <param name="Instance">systemd's %i; null or empty where the unit is no template.</param>
/// <param name="PidFile">For start, which writes it, and delete, which removes it.</param>
/// <param name="Bundle">For start, check, own and network-up the deployment's, for health, startup, await and
/// pasta the start's.</param>
/// <param name="Ready">For start: the payload does not say itself when it is ready, so the launcher does when it starts
/// it.</param>
/// <param name="Foreground">For start: the runtime stays until the payload has ended (Type=oneshot).</param>
/// <param name="Notify">For start: the payload speaks to systemd itself, through a filter.</param>
sealed record LaunchOptions(
    string Verb,
    string Name,
    string Runtime,
    string? Instance,
    string? PidFile,
    string? Bundle,
    bool Ready,
    bool Foreground,
    bool Notify = false
)
{
    /// <summary>For start: the digest of the deployment's image of its tree, 64 hexadecimal digits; null where the tree
    /// is on disk.</summary>
    public string? Composefs { get; init; }

    /// <summary>For start: the directory of what the payload writes to its root, where config.json lets it and says
    /// nothing of where; null where the root is the tree as it is.</summary>
    public string? Changes { get; init; }

    /// <summary>The runtime's name for this container: unique for each instance, in the letters that runtimes
    /// allow.</summary>
    public string Id =>
        string.IsNullOrEmpty(Instance)
            ? Name
            : $"{Name}-{Oci.Digest.Sha256(System.Text.Encoding.UTF8.GetBytes(Instance)).Short}";

    public static LaunchOptions Parse(ReadOnlySpan<string> arguments)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        List<string> words = [];
        foreach (string argument in arguments)
        {
            if (argument is "--ready" or "--foreground" or "--notify")
            {
                options[argument[2..]] = "";
            }
            else if (
                argument.StartsWith("--", StringComparison.Ordinal)
                && argument.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals
            )
            {
                options[argument[2..equals]] = argument[(equals + 1)..];
            }
            else
            {
                words.Add(argument);
            }
        }

        if (words is ["tmpfiles", _])
        {
            return new LaunchOptions(words[0], words[1], "", null, null, null, Ready: false, Foreground: false);
        }

        if (
            words is [MountCheck.Verb or PastaGate.Verb or OwnedSources.Verb, _]
            && options.TryGetValue("bundle", out string? bundle)
        )
        {
            return new LaunchOptions(words[0], words[1], "", null, null, bundle, Ready: false, Foreground: false);
        }

        if (
            words is ["network-up" or "network-down", _]
            && (words[0] == "network-down" || options.ContainsKey("bundle"))
        )
        {
            return new LaunchOptions(
                words[0],
                words[1],
                "",
                options.GetValueOrDefault("instance"),
                null,
                options.GetValueOrDefault("bundle"),
                Ready: false,
                Foreground: false
            );
        }

        bool start = words is ["start", _];
        bool right =
            words is ["start" or "kill" or "delete" or "health" or "startup" or "await", _]
            && options.ContainsKey("runtime")
            && (!start || (options.ContainsKey("pid-file") && options.ContainsKey("bundle")))
            && (words[0] is not ("health" or "startup" or "await") || options.ContainsKey("bundle"));
        return right
            ? new LaunchOptions(
                words[0],
                words[1],
                options["runtime"],
                options.GetValueOrDefault("instance"),
                options.GetValueOrDefault("pid-file"),
                options.GetValueOrDefault("bundle"),
                options.ContainsKey("ready"),
                options.ContainsKey("foreground"),
                options.ContainsKey("notify")
            )
            {
                Composefs = options.GetValueOrDefault("composefs"),
                Changes = options.GetValueOrDefault("changes"),
            }
            : throw new SysctrException(
                ErrorKind.Usage,
                "sysctr launch: invalid arguments",
                "it is for units, not for people"
            );
    }
}
