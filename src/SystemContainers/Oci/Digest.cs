// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace SystemContainers.Oci;

/// <summary>
/// A content digest, <c>algorithm:hex</c>, of an algorithm that we verify: sha256 or sha512
/// (OCI image-spec, descriptor.md "Digests"). A value of this type is always well-formed, so its parts are safe as file
/// names.
/// </summary>
public readonly partial record struct Digest
{
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string? _text;

    private Digest(string text) => _text = text;

    /// <summary>The name of the algorithm, <c>sha256</c> or <c>sha512</c>.</summary>
    public string Algorithm => Text[..Text.IndexOf(':', StringComparison.Ordinal)];

    /// <summary>The digest in lower-case hexadecimal, 64 or 128 digits.</summary>
    public string Hex => Text[(Text.IndexOf(':', StringComparison.Ordinal) + 1)..];

    private string Text => _text ?? throw new InvalidOperationException("an unset digest was used");

    /// <summary>Parses <c>sha256:…</c> or <c>sha512:…</c> with lower-case digits of exactly the right number.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        int digits = text switch
        {
            not null when text.StartsWith("sha256:", StringComparison.Ordinal) => 64,
            not null when text.StartsWith("sha512:", StringComparison.Ordinal) => 128,
            _ => 0,
        };
        if (
            digits == 0
            || text!.Length != "sha256:".Length + digits
            || text.AsSpan("sha256:".Length).ContainsAnyExcept(s_hexDigits)
        )
        {
            return false;
        }

        digest = new Digest(text);
        return true;
    }

    /// <summary>Whether a text is a digest by the grammar of descriptor.md, but of an algorithm that we can't
    /// verify.</summary>
    public static bool IsOfUnknownAlgorithm(string text) =>
        Grammar().Match(text) is { Success: true } parts
        && parts.Groups["algorithm"].ValueSpan is not ("sha256" or "sha512");

    /// <summary>Parses as <see cref="TryParse"/> does.</summary>
    /// <exception cref="FormatException">It is no digest of an algorithm that we verify.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out Digest digest)
            ? digest
            : throw new FormatException($"'{text}' is not a sha256 or sha512 digest");

    /// <summary>The sha256 digest of <paramref name="content"/>.</summary>
    public static Digest Sha256(ReadOnlySpan<byte> content) => FromSha256(SHA256.HashData(content));

    /// <summary>The digest for 32 bytes that SHA-256 gave.</summary>
    public static Digest FromSha256(ReadOnlySpan<byte> hash) => new("sha256:" + Convert.ToHexStringLower(hash));

    /// <summary>The digest for what <paramref name="hash"/> gives now, in the algorithm that it was made for.</summary>
    public static Digest FromHash(HashAlgorithmName algorithm, ReadOnlySpan<byte> hash) =>
        new((algorithm == HashAlgorithmName.SHA512 ? "sha512:" : "sha256:") + Convert.ToHexStringLower(hash));

    /// <summary>The algorithm as the framework names it.</summary>
    public HashAlgorithmName HashName => Algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    /// <summary>Twelve digits, as people's tools show an image ID.</summary>
    public string Short => Hex[..12];

    /// <inheritdoc/>
    public override string ToString() => Text;

    [GeneratedRegex(
        @"\A(?<algorithm>[a-z0-9]+([+._-][a-z0-9]+)*):[a-zA-Z0-9=_-]+\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Grammar();
}
