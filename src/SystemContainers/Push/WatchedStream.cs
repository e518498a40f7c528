// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Push;

/// <summary>A source's stream that tells whose fault a failure is: whoever reads it fails with it.</summary>
sealed class WatchedStream(Stream source, Action<Exception> failed) : ForwardOnlyStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellationToken);
        }
        catch (SysctrException e)
        {
            failed(e);
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await base.DisposeAsync();
    }
}
