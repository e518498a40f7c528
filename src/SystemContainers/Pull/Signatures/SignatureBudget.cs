// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Pull.Signatures;

/// <summary>How much all signatures of one image may have together, wherever they are: each alone may be large, and
/// they are in memory at once.</summary>
/// <param name="doing">"looking for signatures of X", for messages.</param>
sealed class SignatureBudget(string doing)
{
    /// <summary>In bytes; a signature has some thousand.</summary>
    public const long MaxBytes = 32 << 20;

    private long _left = MaxBytes;

    /// <summary>Counts some.</summary>
    /// <exception cref="SysctrException">Unsafe: it is too much.</exception>
    public void Take(long bytes)
    {
        _left -= bytes;
        if (_left < 0)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{doing}: all of them are larger than {MaxBytes} bytes",
                "remove what is no signature of it"
            );
        }
    }
}
