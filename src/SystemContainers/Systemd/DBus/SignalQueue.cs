// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using SystemContainers.Errors;

namespace SystemContainers.Systemd.DBus;

/// <summary>What systemd tells from <see cref="SystemdConnection.ListenAsync"/> on, until this is disposed
/// of.</summary>
sealed class SignalQueue(SystemdConnection connection, Channel<SystemdSignal> signals) : IDisposable
{
    /// <summary>Waits for the next signal.</summary>
    /// <exception cref="SysctrException">Unit: the connection is gone, and with it all that was still to be
    /// told.</exception>
    public async Task<SystemdSignal> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await signals.Reader.ReadAsync(cancellation);
        }
        catch (ChannelClosedException e)
        {
            throw new SysctrException(ErrorKind.Unit, "waiting for systemd: the connection was closed", inner: e);
        }
    }

    public void Dispose() => connection.Forget(signals);
}
