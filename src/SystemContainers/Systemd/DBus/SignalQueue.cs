// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using SystemContainers.Errors;

namespace SystemContainers.Systemd.DBus;

/// <summary>What systemd tells from <see cref="SystemdConnection.ListenAsync"/> on, until this is disposed
/// of.</summary>
/// <param name="signals">Where it comes; completed when the connection is gone.</param>
/// <param name="forget">Called in the end: nothing more need come.</param>
sealed class SignalQueue(ChannelReader<SystemdSignal> signals, Action forget) : IDisposable
{
    /// <summary>Waits for the next signal.</summary>
    /// <exception cref="SysctrException">Unit: the connection is gone, and with it all that was still to be
    /// told.</exception>
    public async Task<SystemdSignal> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await signals.ReadAsync(cancellation);
        }
        catch (ChannelClosedException e)
        {
            throw new SysctrException(ErrorKind.Unit, "waiting for systemd: the connection was closed", inner: e);
        }
    }

    public void Dispose() => forget();
}
