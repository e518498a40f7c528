// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace SystemContainers.Tests.Fakes;

/// <summary>Keys that are dear to make (RSA: some 0.2 s each), made once for all tests of a process.</summary>
static class TestKeys
{
    private static readonly ConcurrentDictionary<int, Lazy<RSAParameters>> s_rsa = new();

    /// <summary>The RSA key of that size, as an object of the caller's own.</summary>
    public static RSA Rsa(int bits) =>
        RSA.Create(s_rsa.GetOrAdd(bits, b => new Lazy<RSAParameters>(() => Made(b))).Value);

    private static RSAParameters Made(int bits)
    {
        using RSA key = RSA.Create(bits);
        return key.ExportParameters(includePrivateParameters: true);
    }
}
