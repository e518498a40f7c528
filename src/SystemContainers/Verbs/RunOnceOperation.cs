// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Network;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Launch;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Units;

namespace SystemContainers.Verbs;

/// <summary>
/// Runs an image as a system container once and removes it: no unit file, no file on the host, a deployment that lives
/// as long as the run. State directories stay, as they do after an uninstall.
/// </summary>
sealed class RunOnceOperation(Host host, IPullProgress progress)
{
    private const string Label = "atomic.run";

    /// <summary>Whether an image says that it is to be run once, by its label.</summary>
    public static bool IsAskedBy(StoredImage image) => image.Config.Run?.Labels?.GetValueOrDefault(Label) == "once";

    /// <summary>Runs an image in the foreground.</summary>
    /// <returns>The payload's exit status.</returns>
    /// <exception cref="SysctrException">It could not be started; nothing of it is left.</exception>
    public async Task<int> RunAsync(InstallRequest request, CancellationToken cancellation)
    {
        RequireSystemd(request);
        await host.RecoverAsync(cancellation);
        WantedImage wanted = new(host.Registries, request);
        string name = wanted.NameFor(request);
        (host.Locks.TryLockContainers([name]) ?? throw Held(name)).Dispose();
        using ContainerTransaction transaction = new(host, progress);
        await CheckPossibleAsync(transaction, request, name, cancellation);
        IReadOnlyList<StoredImage> images = await transaction.FetchAsync(
            () => Task.FromResult<IReadOnlyList<WantedImage>>([wanted]),
            async () => await host.TryLockAndRecoverAsync([name]) ?? throw Held(name),
            cancellation
        );
        return await RunAsync(transaction, request, name, images[0], cancellation);
    }

    /// <summary>What can be refused without the image.</summary>
    private async Task CheckPossibleAsync(
        ContainerTransaction transaction,
        InstallRequest request,
        string name,
        CancellationToken cancellation
    )
    {
        RequireSystemd(request);
        await CheckFreeAsync(name, cancellation);
        await transaction.RequireAsync([request.Runtime], cancellation);
    }

    private void RequireSystemd(InstallRequest request)
    {
        if (!host.Systemd.IsBooted)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"running {request.Image}: no systemd runs {(host.Root == "/" ? "here" : "below " + host.Root)}",
                "run it on a booted host"
            );
        }
    }

    private SysctrException Held(string name) =>
        new(
            ErrorKind.Locked,
            $"running '{name}': another sysctr works on it, or runs it",
            "choose another name with --name"
        );

    /// <summary>As the other, for an image that was fetched and a name that is locked by a transaction; with that, the
    /// container goes.</summary>
    internal async Task<int> RunAsync(
        ContainerTransaction transaction,
        InstallRequest request,
        string name,
        StoredImage image,
        CancellationToken cancellation
    )
    {
        await CheckPossibleAsync(transaction, request, name, cancellation);
        PreparedContainer prepared = await transaction.PrepareAsync(
            request with
            {
                WithoutHostFiles = true,
                Once = true,
            },
            name,
            image,
            cancellation
        );
        new RightsGate(host).CheckInstall(prepared.Record);
        foreach (string line in RightsText.Lines(name, prepared.Record.Rights ?? []))
        {
            host.Note(line);
        }

        if (prepared.Rendered.Config is null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"running {request.Image}: it has nothing to run, only files for the host (noContainerService)",
                $"'sysctr install {request.Image}' installs them"
            );
        }

        transaction.Add(before: null, prepared);
        transaction.Stage(cancellation);
        transaction.Place();
        return await RunPlacedAsync(prepared, cancellation);
    }

    private async Task<int> RunPlacedAsync(PreparedContainer prepared, CancellationToken cancellation)
    {
        ContainerRecord record = prepared.Record;
        if (record.Tmpfiles is { } tmpfiles)
        {
            new StateClaims(host).Claim(record.Name, record.StateDirectories);
            await SystemdTmpfiles.CreateAsync(prepared.Directory.KeptFile(tmpfiles.Path), host.User, cancellation);
        }

        UserDirectories.MakeOnce(record.TmpfilesOnce, host.Here, host.User?.Ids);
        if (host.User is { } user)
        {
            JsonObject document = prepared.Rendered.Config!.Copy();
            MountGuard guard = host.Mounts(record.Name, prepared.Directory.OnHost);
            guard.Protect(document);
            OwnedSources.Give(document, user, guard);
        }

        (IReadOnlyList<string> start, IReadOnlyList<string> stopPost) = UnitPlan.ForegroundCommands(
            record.Runtime,
            record.Name,
            prepared.Directory.OnHost,
            record.Values["PIDFILE"],
            ToolPaths.Tool,
            record.Composefs,
            Changes(prepared)
        );
        NetworkUnit network = new(
            ToolPaths.Tool,
            prepared.Directory.OnHost,
            record.Name,
            instantiated: false,
            NetworkRequest.Find(prepared.Rendered.Config!.Copy()),
            host.User is not null
        );
        return await ForegroundRun.RunAsync(
            host,
            record.MainUnit,
            record.Name,
            start,
            [
                .. UnitPlan.LimitLines(
                    prepared.Rendered.Config!.Copy(),
                    OciRuntime.Find(record.Runtime, host.Root),
                    host.User
                ),
                .. network.TransientStart,
                $"ExecStopPost={CommandLine.Transient(stopPost)}",
                .. network.TransientStop,
            ],
            cancellation
        );
    }

    /// <summary>
    /// Where the payload's changes to its root go, where config.json lets it write: to a layer over the tree that goes
    /// with the run, for the tree itself is the store's.
    /// </summary>
    private string? Changes(PreparedContainer prepared) =>
        prepared.Rendered.Config!.IsReadonly ? null
        : host.User is null ? Path.Join(prepared.Directory.OnHost, "changes")
        : throw new SysctrException(
            ErrorKind.Host,
            $"running {prepared.Record.Image}: it writes to its root, over which only root can lay a layer",
            "run it without --user"
        );

    private async Task CheckFreeAsync(string name, CancellationToken cancellation)
    {
        if (host.Catalog.IsInstalled(name))
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"running '{name}': a container of that name is installed",
                "start it with 'sysctr start', or choose another name with --name"
            );
        }

        if (await host.Systemd.GetStatesAsync([name + ".service"], cancellation) is [{ LoadState: not "not-found" }])
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"running '{name}': there is a unit {name}.service",
                "choose another name with --name"
            );
        }
    }
}
