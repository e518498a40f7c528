// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Trust;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Transactions.Health;

namespace SystemContainers.Verbs;

/// <summary>
/// Installs containers: one transaction over all images of a call. All that can fail without touching the host (pull,
/// render, verify, check out) comes first; then the intent is made durable, and the host is changed; a failure rolls
/// back what was done.
/// </summary>
sealed class InstallOperation(Host host, IPullProgress progress, Action<string> note)
{
    private readonly RuntimeWarning _runtimes = new(host.Target);

    /// <summary>The names of the containers that the call has installed, in the order of its images; none where one was
    /// run once.</summary>
    public IReadOnlyList<string> Installed { get; private set; } = [];

    /// <summary>Pulls, checks out, registers and enables the containers; with <paramref name="now"/> starts them and
    /// waits until they are well.</summary>
    /// <returns>0; the payload's exit status for an image that was run once, as its label asks.</returns>
    /// <exception cref="SysctrException">
    /// The host is as before, but for layers that were pulled; save for <see cref="ErrorKind.Unit"/> after the commit,
    /// when the containers are installed and a start failed.
    /// </exception>
    public async Task<int> RunAsync(
        IReadOnlyList<InstallRequest> requests,
        bool now,
        StartPolicy policy,
        CancellationToken cancellation
    )
    {
        if (now)
        {
            RequireBooted(host);
        }

        await host.RecoverAsync(cancellation);
        Named[] named = Name(requests);
        if (now)
        {
            Array.ForEach(named, RefuseTaken);
        }

        using Outcome installed = await host.History.RunAsync(
            "install",
            [.. named.Select(n => n.Name)],
            origin => InstallAsync(named, origin, cancellation)
        );
        Installed = [.. installed.Containers.Select(c => c.Record.Name)];
        await TellAsync(installed.Containers, now, policy, cancellation);
        return installed.ExitCode;
    }

    private async Task<Outcome> InstallAsync(Named[] named, HistoryOrigin origin, CancellationToken cancellation)
    {
        string[] names = [.. named.Select(n => n.Name)];
        using ContainerTransaction transaction = new(host, progress);
        IReadOnlyList<StoredImage> images = await transaction.FetchAsync(
            async () =>
            {
                // What needs no image to be refused is refused before one is fetched.
                Array.ForEach(names, RefuseInstalled);
                await transaction.RequireAsync(named.Select(n => n.Request.Runtime), cancellation);
                return [.. named.Select(n => n.Image)];
            },
            () => host.LockAndRecoverAsync(names, cancellation),
            cancellation
        );
        foreach (((InstallRequest request, string name, _), StoredImage image) in named.Zip(images))
        {
            if (RunOnceOperation.IsAskedBy(image))
            {
                return named.Length == 1
                    ? new Outcome([], locks: null)
                    {
                        ExitCode = await new RunOnceOperation(host, progress).RunAsync(
                            transaction,
                            request,
                            name,
                            image,
                            cancellation
                        ),
                    }
                    : throw new SysctrException(
                        ErrorKind.Usage,
                        $"installing {request.Image}: it is to be run once, says its label",
                        "name it alone"
                    );
            }

            transaction.Add(before: null, await transaction.PrepareAsync(request, name, image, cancellation));
        }

        _runtimes.Begin(transaction.Prepared.Select(p => p.Record), cancellation);
        await transaction.VerifyAndStageAsync(cancellation);
        await transaction.CommitAsync(TransactionKind.Install, origin, cancellation);
        return new Outcome(transaction.Prepared, transaction.KeepLocks());
    }

    private async Task TellAsync(
        IReadOnlyList<PreparedContainer> installed,
        bool now,
        StartPolicy policy,
        CancellationToken cancellation
    )
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

            note(
                $"{container.Record.Name}: installed{(host.Systemd.IsBooted ? "" : $" offline below {host.Root}")}, "
                    + $"enabled {string.Join(' ', container.Record.Enabled)}"
            );
        }

        await _runtimes.SayAsync(note);
        if (
            installed.Count > 0
            && host.Catalog.DirectoryNames().Count == installed.Count
            && host.SignaturePolicy.IsMissing
        )
        {
            // Once, with the first of a host; doctor says it whenever it is asked.
            note(
                $"{SignaturePolicy.HostPath} is not there: every image is accepted, from any registry; sysctr(1), TRUST, says how to forbid some"
            );
        }

        if (host.User is { Lingers: false } user)
        {
            note(
                $"{user.Name} does not linger: containers start with the first login and stop with the last session; 'loginctl enable-linger' lets them start at boot"
            );
        }

        if (now)
        {
            StartOutcome outcome = await new ContainerControl(host).StartInstalledAsync(
                [.. installed.Select(p => p.Record)],
                policy,
                cancellation
            );
            foreach (string name in installed.Select(p => p.Record.Name))
            {
                note($"{name}: {outcome.Words(name)}");
            }
        }
    }

    /// <summary>Shows what would be installed, as text: files, configuration, final values. Nothing is changed, not
    /// even the store.</summary>
    /// <exception cref="SysctrException">It would be refused; thrown after it was shown, where that is
    /// possible.</exception>
    public async Task DisplayAsync(InstallRequest request, Action<string> show, CancellationToken cancellation)
    {
        using ContainerTransaction transaction = new(host, progress);
        WantedImage wanted = new(host.Registries, request);
        StoredImage image = await transaction.FetchAsideAsync(wanted, cancellation);
        PreparedContainer prepared = await transaction.PrepareAsync(
            request,
            wanted.NameFor(request),
            image,
            cancellation
        );
        show(DisplayText.Of(prepared));
        transaction.Add(before: null, prepared);
        await transaction.VerifyAsync(cancellation);
    }

    /// <exception cref="SysctrException">Host: nothing can be started there.</exception>
    internal static void RequireBooted(Host host)
    {
        if (!host.Systemd.IsBooted)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"starting after an install below {host.Root}: no systemd runs there",
                "leave out --now; the containers start when that system boots"
            );
        }
    }

    private void RefuseInstalled(string name)
    {
        if (host.Catalog.Find(name) is { } there)
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"installing '{name}': a container of that name is installed, from {there.Image}",
                "choose another name with --name, or uninstall it first"
            );
        }
    }

    /// <summary>What is to start at once must be able to; no other container gives way to it. One of its name is
    /// refused by <see cref="RefuseInstalled"/>.</summary>
    private void RefuseTaken(Named asked)
    {
        if (
            host.Catalog.Find(asked.Name) is null
            && TakenPorts.Find(asked.Name, asked.Request.Settings, [], host.User is not null).FirstOrDefault() is
            { Why: { } why }
        )
        {
            throw why;
        }
    }

    private Named[] Name(IReadOnlyList<InstallRequest> requests)
    {
        Named[] named =
        [
            .. requests
                .Select(r => (Request: r, Image: new WantedImage(host.Registries, r)))
                .Select(r => new Named(r.Request, r.Image.NameFor(r.Request), r.Image)),
        ];
        string? twice = named.GroupBy(n => n.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null
            ? named
            : throw new SysctrException(ErrorKind.Usage, $"two images of this call would get the name '{twice}'");
    }

    private sealed record Named(InstallRequest Request, string Name, WantedImage Image);

    /// <summary>What was installed, and is locked while it is started; none where an image was run once.</summary>
    private sealed class Outcome(IReadOnlyList<PreparedContainer> containers, ContainerLocks? locks) : IDisposable
    {
        public IReadOnlyList<PreparedContainer> Containers => containers;

        /// <summary>The payload's status, where an image was run once.</summary>
        public int ExitCode { get; init; }

        public void Dispose() => locks?.Dispose();
    }
}
