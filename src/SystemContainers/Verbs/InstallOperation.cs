// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>
/// Installs containers: one transaction over all images of a call. All that can fail without touching the host (pull,
/// render, verify, check out) comes first; then the intent is made durable, and the host is changed; a failure takes back what
/// was done.
/// </summary>
sealed class InstallOperation(Host host, IPullProgress progress, Action<string> note)
{
    private readonly RuntimeWarning _runtimes = new(host);

    /// <summary>Pulls, checks out, registers and enables the containers; with <paramref name="now"/> starts them and waits until they are well.</summary>
    /// <returns>0; the payload's exit status for an image that was run once, as its label asks.</returns>
    /// <exception cref="SysctrException">
    /// The host is as before, but for layers that were pulled; save for <see cref="ErrorKind.Unit"/> after the commit, when the
    /// containers are installed and a start failed.
    /// </exception>
    public async Task<int> RunAsync(IReadOnlyList<InstallRequest> requests, bool now, StartPolicy policy, CancellationToken cancellation)
    {
        if (now)
        {
            RequireBooted(host);
        }

        await host.RecoverAsync(cancellation);
        List<(InstallRequest Request, string Name)> named = Named(requests);
        string[] names = [.. named.Select(n => n.Name)];
        IDisposable? locks = null;
        try
        {
            (IReadOnlyList<PreparedContainer> installed, int exitCode) = await host.History.RunAsync("install", names, async origin =>
            {
                (IReadOnlyList<StoredImage> images, locks) = await new ImageFetch(host, progress).FetchForAsync(
                    async () =>
                    {
                        // What needs no image to be refused is refused before one is fetched.
                        Array.ForEach(names, RefuseInstalled);
                        await new ContainerPreparer(host).RequireAsync(requests.Select(r => r.Runtime), cancellation);
                        return [.. named.Select(n => (n.Request.Image, n.Request.Pull))];
                    },
                    () => host.LockAndRecoverAsync(names, cancellation),
                    cancellation);
                return await InstallAsync(named, images, origin, cancellation);
            });
            await TellAsync(installed, now, policy, cancellation);
            return exitCode;
        }
        finally
        {
            locks?.Dispose();
        }
    }

    private async Task TellAsync(IReadOnlyList<PreparedContainer> installed, bool now, StartPolicy policy, CancellationToken cancellation)
    {
        foreach (PreparedContainer container in installed)
        {
            foreach (string warning in container.Rendered.Warnings)
            {
                note($"{container.Record.Name}: warning: {warning}");
            }

            foreach (string line in RightsText.Lines(container.Record.Name, container.Record.Rights ?? []))
            {
                note(line);
            }

            note($"{container.Record.Name}: installed{(host.Systemd.IsBooted ? "" : $" offline below {host.Root}")}, " +
                 $"enabled {string.Join(' ', container.Record.Enabled)}");
        }

        await _runtimes.SayAsync(note);
        if (host.User is { Lingers: false } user)
        {
            note($"{user.Name} does not linger: containers start with the first login and stop with the last session; 'loginctl enable-linger' lets them start at boot");
        }

        if (now)
        {
            IReadOnlyList<string> healthy = await new ContainerControl(host).StartInstalledAsync([.. installed.Select(p => p.Record)], policy, cancellation);
            foreach (string name in installed.Select(p => p.Record.Name))
            {
                note($"{name}: running{(healthy.Contains(name, StringComparer.Ordinal) ? " and healthy" : "")}");
            }
        }
    }

    /// <returns>What was installed, and 0; for an image that was run once nothing, and the payload's exit status.</returns>
    private async Task<(IReadOnlyList<PreparedContainer> Installed, int ExitCode)> InstallAsync(
        List<(InstallRequest Request, string Name)> named, IReadOnlyList<StoredImage> images, HistoryOrigin origin, CancellationToken cancellation)
    {
        ContainerPreparer preparer = new(host);
        List<PreparedContainer> prepared = [];
        foreach (((InstallRequest request, string name), StoredImage image) in named.Zip(images))
        {
            if (RunOnceOperation.IsAskedBy(image))
            {
                return named.Count == 1
                    ? ([], await new RunOnceOperation(host, progress).RunLockedAsync(request, name, image, cancellation))
                    : throw new SysctrException(ErrorKind.Usage, $"installing {request.Image}: it is to be run once, says its label", "name it alone");
            }

            prepared.Add(await preparer.PrepareAsync(request, name, number: 0, image, before: null, cancellation));
        }

        _runtimes.Begin(prepared.Select(p => p.Record), cancellation);
        await preparer.VerifyAsync(prepared, [], cancellation);
        try
        {
            foreach (PreparedContainer container in prepared)
            {
                cancellation.ThrowIfCancellationRequested();
                preparer.Stage(container, progress);
            }

            host.EndLease();
            await new ContainerSwitch(host).RunAsync(TransactionRecord.Install(prepared.Select(p => p.Record)) with { Origin = origin }, cancellation);
        }
        finally
        {
            foreach (PreparedContainer container in prepared)
            {
                preparer.DiscardStaged(container);
            }
        }

        return (prepared, 0);
    }

    /// <summary>Shows what would be installed, as text: files, configuration, final values. Nothing is changed, not even the store.</summary>
    /// <exception cref="SysctrException">It would be refused; thrown after it was shown, where that is possible.</exception>
    public async Task DisplayAsync(InstallRequest request, Action<string> show, CancellationToken cancellation)
    {
        // What the store has is looked at where it is; anything else is pulled to where it leaves no trace.
        using Host scratch = host.WithScratchStore();
        Host here = new ImageFetch(host, progress).IsStored(request.Image, request.Pull) ? host : scratch;
        ContainerPreparer preparer = new(here);
        StoredImage image = await new ImageFetch(here, progress).FetchAsync(request.Image, request.Pull, cancellation);
        (_, string name) = Named([request])[0];
        PreparedContainer prepared = await preparer.PrepareAsync(request, name, number: 0, image, before: null, cancellation);
        show(DisplayText.Of(prepared));
        await preparer.VerifyAsync([prepared], [], cancellation);
    }

    /// <exception cref="SysctrException">Host: nothing can be started there.</exception>
    internal static void RequireBooted(Host host)
    {
        if (!host.Systemd.IsBooted)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"starting after an install below {host.Root}: no systemd runs there",
                "leave out --now; the containers start when that system boots");
        }
    }

    private void RefuseInstalled(string name)
    {
        if (host.Catalog.Find(name) is { } there)
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"installing '{name}': a container of that name is installed, from {there.Image}",
                "choose another name with --name, or uninstall it first");
        }
    }

    private List<(InstallRequest Request, string Name)> Named(IReadOnlyList<InstallRequest> requests)
    {
        List<(InstallRequest Request, string Name)> named =
            [.. requests.Select(r => (r, r.NameFor(host.Registries)))];
        string? twice = named.GroupBy(n => n.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null
            ? named
            : throw new SysctrException(ErrorKind.Usage, $"two images of this call would get the name '{twice}'");
    }
}
