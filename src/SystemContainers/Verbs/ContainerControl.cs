// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Render.Spec;
using SystemContainers.Requests;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Systemd.Journal;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Transactions.Health;
using SystemContainers.Tree;

namespace SystemContainers.Verbs;

/// <summary>start, stop, restart and logs of an installed container: thin over systemd, which does the work.</summary>
sealed class ContainerControl(Host host)
{
    /// <summary>Starts the container and waits until systemd says that it runs.</summary>
    /// <exception cref="SysctrException">NotFound: it is not installed; Unit: it did not start, with the true
    /// reason.</exception>
    public async Task StartAsync(string name, CancellationToken cancellation)
    {
        ContainerRecord record = host.Catalog.Get(name);
        RequireSystemd("starting", name);
        foreach (string unit in record.StartedUnits)
        {
            await ForgetAsync(unit, cancellation);
            await host.Systemd.StartAsync(unit, cancellation);
        }
    }

    /// <summary>Stops the container, its sockets and timers first so that they do not start it again.</summary>
    public async Task StopAsync(string name, CancellationToken cancellation)
    {
        ContainerRecord record = host.Catalog.Get(name);
        RequireSystemd("stopping", name);
        foreach (string unit in record.RunnableUnits)
        {
            await host.Systemd.StopAsync(unit, cancellation);
        }
    }

    /// <summary>Stops and starts the container's service.</summary>
    public async Task RestartAsync(string name, CancellationToken cancellation)
    {
        ContainerRecord record = host.Catalog.Get(name);
        RequireSystemd("restarting", name);
        foreach (string unit in record.StartedUnits)
        {
            await ForgetAsync(unit, cancellation);
            await host.Systemd.RestartAsync(unit, cancellation);
        }
    }

    /// <summary>Whether a command can be executed in the container.</summary>
    /// <exception cref="SysctrException">NotFound: it is not installed; Host: no systemd runs.</exception>
    public async Task<bool> CanExecuteAsync(string name, CancellationToken cancellation)
    {
        ContainerRecord record = host.Catalog.Get(name);
        RequireSystemd("executing a command in", name);
        return HasPayload((await host.Systemd.GetStatusAsync(record.MainUnit, cancellation)).ActiveState);
    }

    /// <summary>Whether there is a payload, which one that is being stopped still has.</summary>
    private static bool HasPayload(string state) => state is "active" or "reloading" or "deactivating";

    /// <summary>
    /// Runs a command in the container by the runtime's <c>exec</c>, as the payload that runs is but for what the
    /// request says. It gets pipes, or a terminal of its own, and never what the caller has open; with crun, which
    /// leaves it in the caller's control group, it goes into the container's, whose limits hold for it too.
    /// </summary>
    /// <param name="request">What to execute, and how.</param>
    /// <returns>The command's exit status.</returns>
    /// <exception cref="SysctrException">NotFound: it is not installed; Unit: it does not run; Usage: it has no such
    /// user.</exception>
    public async Task<int> ExecuteAsync(ExecRequest request)
    {
        string name = request.Container;
        ContainerRecord record = host.Catalog.Get(name);
        RequireSystemd("executing a command in", name);
        UnitStatus status = await host.Systemd.GetStatusAsync(record.MainUnit, CancellationToken.None);
        string state = status.ActiveState;
        if (!HasPayload(state))
        {
            throw new SysctrException(
                ErrorKind.Unit,
                $"executing a command in '{name}': it does not run, {record.MainUnit} is {state}",
                $"'sysctr start {name}' starts it"
            );
        }

        OciRuntime runtime = OciRuntime.Find(record.Runtime, host.Root);
        ImageUser? user = request.User is { } typed ? UserOf(record, typed) : null;
        DeploymentDirectory deployment = host.Deployment(name, record.Deployment);
        JsonObject document = ContainerProcess.Read(ContainerProcess.ConfigOf(name, host.User, deployment.ConfigFile));
        StandInOperation.Place(document, request, user, user is null ? null : HomeOf(record, document));

        // A user may not move processes from the session into the control groups of the user's manager.
        string? cgroup =
            runtime.Kind == RuntimeKind.Crun && host.User is null
                ? UnitCgroup.OfProcess((int)status.MainPid)
                    ?? await ContainerExec.RequireCgroupAsync(runtime, name, CancellationToken.None)
                : null;
        // One that was killed has left a file with the payload's secrets.
        ScratchDirectory.RemoveAbandoned();
        string own = ScratchDirectory.Create();
        try
        {
            string process = ContainerProcess.Write(own, document, request.Terminal, host.User);
            return await BorderRelay.RunAsync(
                [.. runtime.Command, "exec", "--process", process, name],
                request.Terminal,
                cgroup,
                forward: true,
                CancellationToken.None
            );
        }
        finally
        {
            ScratchDirectory.Remove(own);
        }
    }

    /// <summary>Who of the container is meant by <c>user[:group]</c>, names or numbers.</summary>
    /// <exception cref="SysctrException">Usage: it has no such user.</exception>
    public ImageUser UserOf(ContainerRecord record, string typed)
    {
        try
        {
            return ImageUser.Find(typed, FilesOf(record));
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Template)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"executing a command in '{record.Name}' as '{typed}': {e.Message}",
                "a number needs no entry there: --user UID[:GID]",
                inner: e
            );
        }
    }

    /// <summary>The home directory of the payload's own user.</summary>
    /// <param name="document">Its config.json.</param>
    public string HomeOf(ContainerRecord record, JsonObject document)
    {
        try
        {
            return ImageUser.Find(document["process"]?["user"]?["uid"]?.ToString() ?? "0", FilesOf(record)).Home;
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Template)
        {
            return "/";
        }
    }

    /// <summary>A tree that only the container has mounted is read from the store.</summary>
    private IImageFiles FilesOf(ContainerRecord record) =>
        record.Composefs is null
            ? DirectoryTree.Open(Path.Join(host.Deployment(record.Name, record.Deployment).Here, "rootfs"))
            : MergedTree.Build(host.OpenStore(), record.DiffIds);

    /// <summary>Becomes journalctl for the container's units; returns only by throwing.</summary>
    public int ShowJournal(string name, bool follow, int? lines)
    {
        ContainerRecord record = host.Catalog.Get(name);
        List<string> units = [record.MainUnit];
        if (record.Units.Any(u => u.Path.EndsWith("@.service", StringComparison.Ordinal)))
        {
            units.Add(name + "@*.service");
        }

        List<string> arguments = [.. JournalMatches.Of(units, host.User)];
        if (host.User is { } user && !JournalAccess.IncludesOthers())
        {
            // journalctl would say something of the kind, but not that a container has messages of others.
            arguments.Add("--quiet");
            host.Note(
                $"{name}: shown is what systemd and the container's root wrote; messages of its other users only members of systemd-journal can read "
                    + $"('usermod --append --groups systemd-journal {user.Name}' as root, then a new login)"
            );
        }

        arguments.AddRange(JournalNamespaces.OptionsFor(units, host.Systemd.IsBooted, host.User));
        if (follow)
        {
            arguments.Add("--follow");
        }

        if (lines is { } count)
        {
            arguments.AddRange(["--lines", count.ToString()]);
        }

        if (host.Root != "/")
        {
            arguments.AddRange(["--root", host.Root]);
        }

        // In our place: a child that follows would go on when we are killed. env finds it along PATH.
        return Exec.ReplaceInForeground(["/usr/bin/env", "journalctl", .. arguments]);
    }

    /// <summary>What <c>install --now</c> starts.</summary>
    internal static IReadOnlyList<string> StartedAfterInstall(ContainerRecord record) =>
        record.Enabled.Count > 0 ? record.Enabled : [.. record.StartedUnits];

    /// <summary>Starts what was enabled, as <c>systemctl enable --now</c> does, and waits until all is well.</summary>
    /// <exception cref="SysctrException">Unit: one is not, with the true reason; it stays as it is.</exception>
    internal async Task<StartOutcome> StartInstalledAsync(
        IReadOnlyList<ContainerRecord> records,
        StartPolicy policy,
        CancellationToken cancellation
    )
    {
        (ContainerRecord, IReadOnlyList<string> Units)[] started =
        [
            .. records.Select(r => (r, StartedAfterInstall(r))),
        ];
        await host.Systemd.StartTogetherAsync([.. started.SelectMany(s => s.Units)], anew: [], cancellation);
        return await new HealthWatch(host, policy).AwaitAsync(started, mayEnd: true, cancellation);
    }

    /// <summary>How often a unit that is not well was started again does not count against the start that somebody asks
    /// for now.</summary>
    private async Task ForgetAsync(string unit, CancellationToken cancellation)
    {
        if ((await UnitWellness.OfAsync(host.Systemd, unit, cancellation)).Trouble is not null)
        {
            await host.Systemd.ResetFailedAsync(unit, cancellation);
        }
    }

    private void RequireSystemd(string doing, string name)
    {
        if (!host.Systemd.IsBooted)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"{doing} '{name}': no systemd runs {(host.Root == "/" ? "here" : "below " + host.Root)}",
                "it starts when that system boots"
            );
        }
    }
}
