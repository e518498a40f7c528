// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Network;
using SystemContainers.Prepared;
using SystemContainers.Render.Spec;
using SystemContainers.Requests;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Launch;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Units;

namespace SystemContainers.Verbs;

/// <summary>
/// A command in place of the payload of a container that does not run: with its root, mounts and rights, in the
/// foreground. The container's own service stays stopped. So the old tool did it (<c>atomic run NAME COMMAND</c>).
/// </summary>
sealed class StandInOperation(Host host)
{
    private const string Home = "HOME=";

    /// <summary>Runs a command and waits for its end.</summary>
    /// <param name="request">What to run, and how; it has a terminal where this process has one.</param>
    /// <param name="cancellation">Ends the wait, and the command.</param>
    /// <returns>Its exit status.</returns>
    /// <exception cref="SysctrException">NotFound: the container is not installed; Usage: it has no root, or no such
    /// user; Locked: another sysctr works on it; Unit: its service is about to run.</exception>
    public async Task<int> RunAsync(ExecRequest request, CancellationToken cancellation)
    {
        string name = request.Container;
        await host.RecoverAsync(cancellation);
        using ContainerLocks held =
            await host.TryLockAndRecoverAsync([name])
            ?? throw new SysctrException(
                ErrorKind.Locked,
                $"running a command in '{name}': another sysctr works on it",
                "try again when that has ended"
            );
        ContainerRecord record = host.Catalog.Get(name);
        if (record.ConfigDigest is null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"running a command in '{name}': it consists of files on the host alone",
                "call them there"
            );
        }

        // A name of its own: the service may be started meanwhile, which is nobody's fault.
        string id = $"{name}-command-{Environment.ProcessId}";
        string bundle = Path.Join(host.User?.RuntimeDirectory ?? "/run", "sysctr", "commands", id);
        (IReadOnlyList<string> start, IReadOnlyList<string> stopPost) = UnitPlan.ForegroundCommands(
            record.Runtime,
            id,
            bundle,
            bundle + ".pid",
            ToolPaths.Tool,
            record.Composefs
        );
        try
        {
            JsonObject document = WriteBundle(record, bundle, id, request);
            await RequireIdleAsync(record, document, cancellation);
            NetworkUnit network = new(
                ToolPaths.Tool,
                bundle,
                id,
                instantiated: false,
                NetworkRequest.Find(document),
                isUsers: host.User is not null
            );
            return await ForegroundRun.RunAsync(
                host,
                id + ".service",
                name,
                start,
                [
                    .. UnitPlan.LimitLines(
                        JsonNode
                            .Parse(RegularFile.ReadAll(host.Deployment(name, record.Deployment).ConfigFile))!
                            .AsObject(),
                        OciRuntime.Find(record.Runtime, host.Root),
                        host.User
                    ),
                    .. Changes(document, record.MainUnit),
                    .. network.TransientStart,
                    $"ExecStopPost={CommandLine.Transient(stopPost)}",
                    .. network.TransientStop,
                ],
                cancellation
            );
        }
        finally
        {
            TreeRemoval.Remove(bundle);
        }
    }

    /// <summary>Puts the command in the place of the payload: with its directory, variables and user, where the request
    /// says nothing else.</summary>
    /// <param name="document">config.json.</param>
    /// <param name="request">The command.</param>
    /// <param name="user">Who it runs as; null for whom the payload does.</param>
    /// <param name="home">The home directory of whom the payload runs as.</param>
    /// <exception cref="SysctrException">Usage: a variable has no value.</exception>
    internal static void Place(JsonObject document, ExecRequest request, ImageUser? user, string? home)
    {
        JsonObject process = document["process"]!.AsObject();
        process["args"] = new JsonArray([.. request.Command.Select(word => JsonValue.Create(word))]);
        if (request.WorkingDirectory is { } directory)
        {
            process["cwd"] = directory;
        }

        // As podman has it: that of the user, unless somebody has said another.
        if (
            user is not null
            && (process["env"] as JsonArray ?? [])
                .Select(v => v!.ToString())
                .LastOrDefault(v => v.StartsWith(Home, StringComparison.Ordinal))
                is var said
            && (said is null || said == Home + home)
        )
        {
            BundleConfig.SetVariable(document, "HOME", user.Home);
        }

        foreach (string variable in request.Environment)
        {
            if (variable.Split('=', 2) is not [{ Length: > 0 } name, var value])
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading --env {variable}: it is not NAME=VALUE",
                    "write a value behind an equals sign"
                );
            }

            BundleConfig.SetVariable(document, name, value);
        }

        if (user is not null)
        {
            // What else stands there, the umask, is the container's.
            JsonObject who = process["user"] as JsonObject ?? [];
            who["uid"] = user.Uid;
            who["gid"] = user.Gid;
            who["additionalGids"] = new JsonArray([
                .. user.Groups.Where(g => g != user.Gid).Select(g => JsonValue.Create(g)),
            ]);
            if (who.Parent is null)
            {
                process["user"] = who;
            }
        }
    }

    /// <summary>
    /// Gives the command a network of its own where the container has one: a namespace on the same bridges, but without
    /// what only one can have, for the service may be started meanwhile: ports, addresses, names.
    /// </summary>
    /// <param name="document">config.json.</param>
    /// <param name="id">The command's.</param>
    /// <exception cref="SysctrException">Usage: it can't have one.</exception>
    internal static void PlaceNetwork(JsonObject document, string id)
    {
        if (NetworkRequest.Find(document) is not { } request)
        {
            return;
        }

        if (request.Mode == NetworkMode.Pasta)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"running a command in '{request.Name}': its network is made by pasta, which makes one for its service alone",
                $"'sysctr start {request.Name}' starts it; then 'exec' goes"
            );
        }

        if (request.NeedsNetavark)
        {
            document["annotations"]![NetworkRequest.Annotation] = (
                request with
                {
                    Name = id,
                    Ports = [],
                    Networks = [.. request.Networks.Select(n => n with { Ips = [], Mac = null, Aliases = [] })],
                }
            ).ToJson();
        }
    }

    /// <summary>A service that is on its way up is not to be ended by a command that nobody meant to have in its place;
    /// one that waits for its next try is what a command is to look into.</summary>
    private async Task RequireIdleAsync(ContainerRecord record, JsonObject document, CancellationToken cancellation)
    {
        UnitStatus status = await host.Systemd.GetStatusAsync(record.MainUnit, cancellation);
        if (
            WritableRoot.IsKept(document)
            && status.ActiveState is "active" or "reloading" or "activating"
            && !status.SubState.StartsWith("auto-restart", StringComparison.Ordinal)
        )
        {
            throw new SysctrException(
                ErrorKind.Unit,
                $"running a command in '{record.Name}': {record.MainUnit} is {status.ActiveState}, and two can't write to one root",
                "try again once it runs, or stop it first"
            );
        }
    }

    /// <summary>Two overlays can't have one directory of changes: where what is written is kept, whichever of the two
    /// starts ends the other.</summary>
    private static IEnumerable<string> Changes(JsonObject document, string unit) =>
        WritableRoot.IsKept(document) ? [$"Conflicts={unit}", $"After={unit}"] : [];

    private JsonObject WriteBundle(ContainerRecord record, string bundle, string id, ExecRequest request)
    {
        DeploymentDirectory deployment = host.Deployment(record.Name, record.Deployment);
        JsonObject document = RemoteRootfs.WithRoot(
            JsonNode.Parse(RegularFile.ReadAll(deployment.ConfigFile))!.AsObject(),
            record.RemoteRootfs ?? Path.Join(deployment.OnHost, "rootfs")
        );
        ContainerControl control = new(host);
        Place(
            document,
            request,
            request.User is { } user ? control.UserOf(record, user) : null,
            request.User is null ? null : control.HomeOf(record, document)
        );
        BundleConfig.DropHelpers(document);
        PlaceNetwork(document, id);
        foreach (
            string source in (document["mounts"] as JsonArray ?? [])
                .Select(m => m?["source"]?.ToString())
                .OfType<string>()
        )
        {
            // systemd makes these when the service starts (RuntimeDirectory=), and takes them away again. Files of
            // names each start makes for itself.
            if (
                !NameFiles.IsPath(source)
                && (
                    source.StartsWith("/run/", StringComparison.Ordinal)
                    || source.StartsWith("/var/run/", StringComparison.Ordinal)
                )
                && !Path.Exists(source)
            )
            {
                new HostPlaces(host.Target).Check($"making {source}", source);
                Directory.CreateDirectory(
                    source,
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                );
            }
        }

        Directory.CreateDirectory(bundle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (record.Composefs is not null)
        {
            File.CreateSymbolicLink(
                Path.Join(bundle, ComposefsRoot.ImageName),
                Path.Join(deployment.OnHost, ComposefsRoot.ImageName)
            );
        }

        DurableFile.Write(
            Path.Join(bundle, "config.json"),
            RuntimeConfigFile.Write(document),
            UnixFileMode.UserRead | UnixFileMode.UserWrite
        );
        return document;
    }
}
