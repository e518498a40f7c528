// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Linux.Verity;

namespace SystemContainers.Oci.Seals;

/// <summary>What an image says of a digest of its own: of all of its tree as composefs makes an image of it, or of its
/// configuration.</summary>
/// <param name="Key">The annotation or label, as the image has it.</param>
/// <param name="Subject">What it is the digest of.</param>
/// <param name="Algorithm">fs-verity's, with blocks of 4096 bytes.</param>
/// <param name="Hex">The digest, in small letters; of a label whatever it is.</param>
sealed partial record SealClaim(string Key, SealSubject Subject, VerityAlgorithm Algorithm, string Hex)
{
    /// <summary>The label that composefs-rs gave to configurations before there were annotations; it names no version
    /// of the format.</summary>
    public const string Label = "containers.composefs.fsverity";

    private const string Doing = "reading what an image says of its tree";

    /// <summary>All that an image says which can be looked after: composefs-rs's annotations of manifest and
    /// configuration, and the label.</summary>
    /// <exception cref="SysctrException">Unsafe: one of them is no digest.</exception>
    public static IReadOnlyList<SealClaim> Of(ImageManifest manifest, ImageConfig config) =>
        [
            .. OfTree(manifest),
            .. Among(manifest.Config.Annotations, ConfigKey(), SealSubject.Configuration),
            .. config.Run?.Labels?.GetValueOrDefault(Label) is { } hex
                ?
                [
                    new SealClaim(
                        Label,
                        SealSubject.Labelled,
                        hex.Length == 128 ? VerityAlgorithm.Sha512 : VerityAlgorithm.Sha256,
                        hex
                    ),
                ]
                : Array.Empty<SealClaim>(),
        ];

    /// <summary>What a manifest itself says of the tree, for whom a signature of the manifest is to be one of the
    /// tree.</summary>
    /// <exception cref="SysctrException">As above.</exception>
    public static IReadOnlyList<SealClaim> OfTree(ImageManifest manifest) =>
        [.. Among(manifest.Annotations, MergedKey(), SealSubject.Tree)];

    private static IEnumerable<SealClaim> Among(
        IReadOnlyDictionary<string, string>? annotations,
        Regex key,
        SealSubject subject
    ) =>
        from annotation in annotations ?? new Dictionary<string, string>()
        let match = key.Match(annotation.Key)
        where match.Success
        orderby annotation.Key
        let algorithm = match.Groups["bits"].ValueSpan is "512" ? VerityAlgorithm.Sha512 : VerityAlgorithm.Sha256
        let hex = Digits(annotation.Key, annotation.Value ?? "")
        select AlgorithmOf(annotation.Key, hex) == algorithm
            ? new SealClaim(annotation.Key, subject, algorithm, hex)
            : throw NoDigest(annotation.Key);

    private static VerityAlgorithm AlgorithmOf(string key, string hex) =>
        hex.Length switch
        {
            64 => VerityAlgorithm.Sha256,
            128 => VerityAlgorithm.Sha512,
            _ => throw NoDigest(key),
        };

    private static string Digits(string key, string hex) =>
        hex.All(char.IsAsciiHexDigitLower) ? hex : throw NoDigest(key);

    private static SysctrException NoDigest(string key) =>
        new(
            ErrorKind.Unsafe,
            $"{Doing}: its annotation {key} is no digest in small hexadecimal digits, as long as its algorithm's"
        );

    [GeneratedRegex(
        @"^composefs\.merged\.erofs\.v1\.fsverity-sha(?<bits>256|512)-12\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex MergedKey();

    [GeneratedRegex(
        @"^composefs\.config\.fsverity-sha(?<bits>256|512)-12\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex ConfigKey();
}
