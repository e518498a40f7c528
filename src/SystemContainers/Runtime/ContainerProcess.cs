// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;

namespace SystemContainers.Runtime;

/// <summary>
/// What a further process of a container is: the payload as its start has made it, with its user and groups,
/// environment, capabilities, limits and <c>no_new_privs</c>, but for what somebody asks for. The runtimes' own
/// <c>exec</c> begins with more and less of it: crun's forgets <c>no_new_privs</c>, the limits and the umask, and with
/// one variable given all others.
/// </summary>
static class ContainerProcess
{
    /// <summary>What only the payload has: descriptors, a peer, and systemd's ear. What a command says there systemd
    /// would take for the payload's word, such as that it is about to stop.</summary>
    private static readonly string[] s_payloads =
    [
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_FDNAMES",
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "REMOTE_ADDR",
        "REMOTE_PORT",
    ];

    /// <summary>The config.json of what runs: that of its start, which has what only then was known.</summary>
    /// <param name="id">The runtime's name for the container.</param>
    /// <param name="user">Whose container it is; null for the system's.</param>
    /// <param name="deployed">The deployment's, for a unit that starts its container by the runtime alone.</param>
    public static string ConfigOf(string id, HostUser? user, string deployed)
    {
        string started = Path.Join(user?.RuntimeDirectory ?? "/run", "sysctr", id, "config.json");
        return File.Exists(started) ? started : deployed;
    }

    /// <summary>Reads one, without what only the payload has.</summary>
    /// <exception cref="SysctrException">Corrupt: it has no process; Unit: it is gone, for the container is being
    /// started anew.</exception>
    public static JsonObject Read(string config)
    {
        JsonObject document;
        try
        {
            document =
                JsonNode.Parse(RegularFile.ReadAll(config)) as JsonObject is { } read && read["process"] is JsonObject
                    ? read
                    : throw new SysctrException(ErrorKind.Corrupt, $"reading {config}: it has no process");
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new SysctrException(
                ErrorKind.Unit,
                $"reading {config}: {e.Message}",
                "the container may be starting anew; try again",
                e
            );
        }

        foreach (string variable in s_payloads)
        {
            BundleConfig.RemoveVariable(document, variable);
        }

        return document;
    }

    /// <summary>Writes a process for <c>exec --process</c>.</summary>
    /// <param name="directory">Nobody else's: secrets are among the variables.</param>
    /// <param name="document">config.json, with the command in the payload's place.</param>
    /// <param name="terminal">Whether it gets a terminal.</param>
    /// <param name="user">Whose container it is; null for the system's.</param>
    /// <returns>The file.</returns>
    public static string Write(string directory, JsonObject document, bool terminal, HostUser? user)
    {
        JsonObject process = document["process"]!.AsObject();
        process["terminal"] = terminal;

        // That of the payload's terminal.
        process.Remove("consoleSize");
        // A session may have hard limits below those of the user's manager, which has started the payload, and only
        // root raises them again.
        if (user is not null)
        {
            BundleConfig.LowerLimits(process, ResourceLimits.Parse(File.ReadAllLines("/proc/self/limits")));
        }

        string file = Path.Join(directory, "process.json");
#pragma warning disable RS0030 // /run is memory: nothing there outlives the machine.
        using (
            FileStream stream = new(
                file,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        {
            stream.Write(Encoding.UTF8.GetBytes(process.ToJsonString()));
        }
#pragma warning restore RS0030
        return file;
    }
}
