// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Atomic;

/// <summary>
/// Where an image comes from, in atomic's spelling (atomic-pull(1)): <c>dockertar:/PATH</c>, <c>docker:NAME:TAG</c> for
/// the local daemon; <c>oci:</c>, <c>http:</c>, <c>https:</c>, <c>ostree:</c> before a registry's image or one of the
/// store.
/// </summary>
static class AtomicImage
{
    private static readonly string[] s_meaningless = ["oci:", "http:", "https:", "ostree:"];

    /// <summary>The same in our spelling; other words as they are.</summary>
    public static string Ours(string word)
    {
        if (word.StartsWith("dockertar:/", StringComparison.Ordinal))
        {
            return "docker-archive:" + word["dockertar:".Length..];
        }

        // "docker:20" is an image with a tag.
        if (
            word.StartsWith("docker:", StringComparison.Ordinal)
            && !word.StartsWith("docker://", StringComparison.Ordinal)
            && word.Count(c => c == ':') > 1
        )
        {
            return "docker-daemon:" + word["docker:".Length..];
        }

        // It took no paths here; a layout can only be meant by somebody who knows ours.
        string? prefix = Array.Find(s_meaningless, p => word.StartsWith(p, StringComparison.Ordinal));
        return prefix is null || word[prefix.Length..] is ['/' or '.', ..] ? word : word[prefix.Length..];
    }

    /// <summary>A place to copy from or to: a word without a transport is an image of the store, <c>ostree:</c> was its
    /// store.</summary>
    public static string Place(string word)
    {
        string ours = word.StartsWith("oci:", StringComparison.Ordinal) ? word : Ours(word);
        return CopyOperation.HasTransport(ours) ? ours : CopyOperation.Store + ours;
    }

    /// <summary>Whether an image comes from an archive or the daemon.</summary>
    public static bool IsLocal(string ours) =>
        ours.StartsWith("docker-archive:", StringComparison.Ordinal)
        || ours.StartsWith("docker-daemon:", StringComparison.Ordinal);
}
