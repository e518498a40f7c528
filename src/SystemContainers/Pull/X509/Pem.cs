// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace SystemContainers.Pull.X509;

/// <summary>One block of a PEM text (RFC 7468).</summary>
/// <param name="Label">What stands behind BEGIN: <c>PUBLIC KEY</c>, <c>CERTIFICATE</c>.</param>
/// <param name="Bytes">What it holds.</param>
sealed record Pem(string Label, byte[] Bytes)
{
    /// <summary>The first block that is well-formed; what is before it is passed over, as every reader does.</summary>
    /// <param name="text">What may hold one.</param>
    /// <param name="rest">What is behind it and the end of its line.</param>
    public static bool TryRead(ReadOnlySpan<char> text, [NotNullWhen(true)] out Pem? block, out ReadOnlySpan<char> rest)
    {
        block = null;
        rest = text;
        if (!PemEncoding.TryFind(text, out PemFields fields))
        {
            return false;
        }

        byte[] bytes = new byte[fields.DecodedDataLength];
        if (!Convert.TryFromBase64Chars(text[fields.Base64Data], bytes, out int written) || written != bytes.Length)
        {
            return false;
        }

        block = new Pem(text[fields.Label].ToString(), bytes);
        rest = text[fields.Location.End..].TrimStart(" \t\r");
        rest = rest.StartsWith("\n") ? rest[1..] : rest;
        return true;
    }
}
