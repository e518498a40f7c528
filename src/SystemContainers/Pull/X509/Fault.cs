// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Security.Cryptography;
using SystemContainers.Errors;

namespace SystemContainers.Pull.X509;

/// <summary>Why a key, a certificate or a signature does not count: what others wrote, so it is never a defect of
/// ours.</summary>
static class Fault
{
    /// <summary>The one way in which all that verifies says no.</summary>
    public static SysctrException Of(string why, Exception? inner = null) => new(ErrorKind.Policy, why, inner: inner);

    /// <summary>Reads what others encoded; whatever the decoders throw for odd bytes is the reason.</summary>
    /// <exception cref="SysctrException">Policy: <paramref name="what"/> is malformed, or refused in
    /// <paramref name="read"/>.</exception>
    public static T Reading<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
            when (e
                    is AsnContentException
                        or CryptographicException
                        or ArgumentException
                        or FormatException
                        or OverflowException
                        or InvalidOperationException
                        or NotSupportedException
            )
        {
            throw Of($"{what} is malformed", e);
        }
    }
}
