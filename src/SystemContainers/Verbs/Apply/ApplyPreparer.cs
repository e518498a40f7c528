// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Prepared;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Values;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs.Apply;

/// <summary>What applying a declaration makes of a container, in memory.</summary>
sealed class ApplyPreparer(Host host, Action<string> note)
{
    /// <summary>The deployment that is declared; null where it would be the one in use.</summary>
    /// <param name="transaction">Has fetched the image.</param>
    /// <param name="item">One that comes or changes.</param>
    /// <exception cref="SysctrException">It can't be had; names the file.</exception>
    public async Task<PreparedContainer?> PrepareAsync(
        ContainerTransaction transaction,
        ApplyItem item,
        StoredImage image,
        CancellationToken cancellation
    )
    {
        InstallRequest request = item.Declaration!.Request with
        {
            FollowsMounted = item.Declaration.Request.Checkout is null && item.Before?.Composefs is not null,
        };
        try
        {
            if (RunOnceOperation.IsAskedBy(image))
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"{request.Image} is to be run once, says its label",
                    "'sysctr install' or 'sysctr run' does it"
                );
            }

            OpenedImage opened = transaction.Open(image, request);
            if (opened.Exports.Config is null && !opened.Exports.Manifest.NoContainerService)
            {
                opened = opened.With(request.Usual.With(request.Settings, []));
            }

            if (opened.Exports.Manifest.NoContainerService && item.Declaration.OwnLines is [var line, ..])
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"{request.Image} brings no container, only files, so [{line.Section}] {line.Key}= can't be carried out",
                    "leave it out"
                );
            }

            return item.Before is { } before
                ? await new UpdatePreparer(host, note).PrepareAsync(transaction, before, opened, request, cancellation)
                : await transaction.PrepareAsync(opened, request, item.Name, number: 0, before: null, cancellation);
        }
        catch (SysctrException e)
        {
            SaidSettings said = item.Declaration.Said;
            throw new SysctrException(
                e.Kind,
                e.Setting is { } setting
                    ? $"{said.Place(setting.Option, setting.Value)}: {said.Text(setting)}"
                    : $"{item.Declaration.Unit.Path}: {e.Message}",
                e.Hint,
                e
            );
        }
    }

    /// <summary>What a new container starts with the change: what is enabled, as at boot. What nothing wants waits for
    /// somebody to start it.</summary>
    public IReadOnlyList<string> Started(ContainerRecord record, ContainerDeclaration declaration) =>
        !host.Systemd.IsBooted ? []
        : record.Enabled.Count == 0 && declaration.IsStartedByAnother ? [record.MainUnit]
        : record.Enabled;
}
