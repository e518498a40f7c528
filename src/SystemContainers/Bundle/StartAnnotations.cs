// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace SystemContainers.Bundle;

/// <summary>
/// Annotations of a config.json that we write, by which <c>sysctr launch start</c> does what only can be done at a
/// start: a device's number, a secret's text. A value has a line for each. In an image's own config.json they are
/// refused: it would read what is the administrator's.
/// </summary>
static class StartAnnotations
{
    /// <summary>What all of ours begin with.</summary>
    public const string Prefix = "io.sysctr.";

    /// <summary>Devices of the host, each as <c>--device</c> says it.</summary>
    public const string Devices = Prefix + "devices";

    /// <summary>Devices that a specification of the host's describes at each start, by their names
    /// (<c>VENDOR/CLASS=NAME</c>).</summary>
    public const string NamedDevices = Prefix + "named-devices";

    /// <summary>Present where the payload gets the nodes of all devices of the host: <c>all</c>, or those but the
    /// virtual consoles.</summary>
    public const string AllDevices = Prefix + "all-devices";

    /// <summary>A value of <see cref="AllDevices"/>.</summary>
    public const string NoConsoles = "no-consoles";

    /// <summary>Secrets, each as <c>--secret</c> says it.</summary>
    public const string Secrets = Prefix + "secrets";

    /// <summary>Present where the payload may write to its root: <c>volatile</c>, or the directory of the host that
    /// keeps what it wrote.</summary>
    public const string Writable = Prefix + "writable";

    /// <summary>Present where standard output and error are to be a FIFO.</summary>
    public const string Log = Prefix + "log";

    /// <summary>The check of <see cref="Checks.PeriodicCheck"/>.</summary>
    public const string Health = Prefix + "health";

    /// <summary>Present where variables and credentials of the unit are for the payload; what else of the start's own
    /// environment is, or is not, the next two lines say.</summary>
    public const string Environment = Prefix + "environment";

    /// <summary>What is mounted so that its owners are the users of the container's namespace: <c>/</c> for its root,
    /// and destinations of mounts.</summary>
    public const string Mapped = Prefix + "mapped";

    /// <summary>Directories and files of the host that become the payload's user's before each start: volumes of a
    /// user's container.</summary>
    public const string Owned = Prefix + "owned";

    /// <summary>Present where the files of the tree have on disk the owners that the container's namespace gives them:
    /// a user's container, in whose start nothing can map them.</summary>
    public const string Owners = Prefix + "owners";

    /// <summary>A line of <see cref="Environment"/>: not those that name a proxy.</summary>
    public const string NoProxies = "no-proxies";

    /// <summary>A line of <see cref="Environment"/>: those that systemd gives every unit, too.</summary>
    public const string AllVariables = "all";

    /// <summary>A line of <see cref="Environment"/>: a variable that the declaring file's own Environment= in [Service]
    /// sets, as podman's process would have it and its container not. Its value stands there as a digest, for it may be
    /// secret; without one it is known at a start alone.</summary>
    public static string OfService(string name, string? value) =>
        $"service {name} {(value is null ? "*" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value))))}";

    /// <summary>What a line of <see cref="Environment"/> begins with that names a file of variables, by the declaring
    /// file's EnvironmentFile= in [Service].</summary>
    public const string ServiceFile = "service-file ";

    /// <summary>The lines of an annotation; none where it is not there.</summary>
    /// <param name="document">config.json.</param>
    /// <param name="name">One of the above.</param>
    public static IReadOnlyList<string> Lines(JsonObject document, string name) =>
        (document["annotations"] as JsonObject)
            ?[name]?.GetValue<string>()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        ?? [];
}
