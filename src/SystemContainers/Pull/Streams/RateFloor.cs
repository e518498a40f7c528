// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Options;

namespace SystemContainers.Pull.Streams;

/// <summary>
/// The least that a sender has to bring, an average over a window. Attack: a byte now and then, which is never quite a
/// stall, keeps a pull for as long as the sender likes. Only the time counts in which we wait: how slow our disk is, is
/// not the sender's doing.
/// </summary>
/// <param name="options">Rate, window and the time-out of a single read.</param>
sealed class RateFloor(PullOptions options)
{
    private readonly long _least = (long)(options.LeastRate * options.RateWindow.TotalSeconds);
    private TimeSpan _waited;
    private long _bytes;

    /// <summary>How long the next read may take.</summary>
    public TimeSpan Patience
    {
        get
        {
            TimeSpan left = options.RateWindow - _waited;
            return _bytes >= _least || left > options.StallTimeout ? options.StallTimeout : left;
        }
    }

    /// <summary>Told of a read.</summary>
    /// <exception cref="TimeoutException">The window is over and brought too little.</exception>
    public void Received(int bytes, TimeSpan waited)
    {
        _waited += waited;
        _bytes += bytes;
        if (_waited < options.RateWindow)
        {
            return;
        }

        if (_bytes < _least)
        {
            throw TooSlow(inner: null);
        }

        (_waited, _bytes) = (TimeSpan.Zero, 0);
    }

    /// <summary>What is the matter.</summary>
    public TimeoutException TooSlow(Exception? inner) =>
        new($"less than {options.LeastRate} bytes a second over {options.RateWindow.TotalSeconds} s", inner);
}
