// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.Pull.Trust.Names;

/// <summary>
/// The name of an image as signatures and policies have it and containers/image compares it: normalised by Docker's
/// rules (docker/reference, ParseNormalizedNamed), so that <c>busybox:1</c> is <c>docker.io/library/busybox:1</c>.
/// </summary>
/// <param name="Name">Host and repository.</param>
/// <param name="Tag">Null where it has none.</param>
/// <param name="Digest">Null where it has none.</param>
sealed partial record DockerName(string Name, string? Tag, string? Digest)
{
    /// <summary>What a registry host is made of, with its port, as a pattern.</summary>
    private const string HostPattern =
        @"[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*(?::[0-9]+)?";

    // No character can be taken by two of the loops: linear.
    private const string PathPattern =
        @"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*";

    private const int MaxName = 255;

    /// <summary>No text is read that is longer: the longest name, tag and digest have some 600 characters.</summary>
    private const int MaxText = 1024;

    /// <summary>Whether it has neither tag nor digest.</summary>
    public bool IsNameOnly => Tag is null && Digest is null;

    /// <summary>Reads a name, long or short.</summary>
    /// <returns>Null where it is none.</returns>
    public static DockerName? Parse(string text)
    {
        if (text.Length > MaxText || IsImageId(text))
        {
            return null;
        }

        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : text[..slash];
        bool hasHost = slash >= 0 && (first.AsSpan().ContainsAny('.', ':') || first == "localhost");
        string host = !hasHost || first == "index.docker.io" ? "docker.io" : first;
        string rest = hasHost ? text[(slash + 1)..] : text;
        if (host == "docker.io" && !rest.Contains('/', StringComparison.Ordinal))
        {
            rest = "library/" + rest;
        }

        Match parts = Whole().Match($"{host}/{rest}");
        string name = parts.Groups["name"].Value;
        string? digest = parts.Groups["digest"] is { Success: true } d ? d.Value : null;
        return !parts.Success || name.Length > MaxName || (digest is not null && !IsDigest(digest))
            ? null
            : new DockerName(name, parts.Groups["tag"] is { Success: true } tag ? tag.Value : null, digest);
    }

    /// <summary>Whether a text can be the beginning of names: a host, or a host and what is below it.</summary>
    public static bool IsPrefix(string text) => text.Length <= MaxText && Prefix().IsMatch(text);

    /// <summary>Whether a text is a digest that containers/image can check.</summary>
    public static bool IsDigest(string text) => DigestText().IsMatch(text);

    /// <inheritdoc/>
    public override string ToString() => Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    private static bool IsImageId(string text) =>
        text.Length == 64 && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    [GeneratedRegex(
        @"\A(?<name>(?:"
            + HostPattern
            + "/)?"
            + PathPattern
            + @")(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Whole();

    [GeneratedRegex(
        @"\A" + HostPattern + "(?:/" + PathPattern + @")?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Prefix();

    [GeneratedRegex(
        @"\A(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex DigestText();
}
