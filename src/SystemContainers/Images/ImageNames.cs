// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Reference;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Images;

/// <summary>Finds images of the store by what a user types: a name, short or full, or an ID or its beginning.</summary>
sealed class ImageNames(Host host)
{
    private const int ShortestId = 4;

    /// <summary>The refs that a text means: one for a name, every name of the image for an ID.</summary>
    /// <exception cref="SysctrException">NotFound: the store has none; Usage: it could be several images.</exception>
    public IReadOnlyList<ImageRecord> Find(string typed)
    {
        if (ByName(typed) is { } named)
        {
            return [named];
        }

        ImageRecord[] byId = IsId(typed, out string hex)
            ?
            [
                .. host.OpenStore()
                    .Images.List()
                    .Where(i => i.ConfigDigest.Hex.StartsWith(hex, StringComparison.Ordinal)),
            ]
            : [];
        return byId.Select(i => i.ConfigDigest).Distinct().Count() switch
        {
            0 => throw new SysctrException(
                ErrorKind.NotFound,
                $"looking for the image '{typed}': the store does not have it",
                "'sysctr images list' shows what it has"
            ),
            1 => byId,
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"looking for the image '{typed}': several have an ID that begins so: {string.Join(", ", byId.Select(i => i.Reference))}",
                "type more of it"
            ),
        };
    }

    /// <summary>The containers that have a deployment of an image, or one that mounts its files, whatever its name
    /// was.</summary>
    public IReadOnlyList<string> UsersOf(ImageRecord image) => UsersOf(image, host.Catalog.All());

    /// <summary>The same where all deployments have been read.</summary>
    public static IReadOnlyList<string> UsersOf(ImageRecord image, IReadOnlyList<ContainerRecord> deployments) =>
        [
            .. deployments
                .Where(c => c.Images.Any(i => i.ConfigDigest == image.ConfigDigest))
                .Select(c => c.Name)
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>A name to keep an image by, as a registry would have it.</summary>
    /// <param name="typed">Short or full.</param>
    /// <param name="doing">"tagging X", for messages.</param>
    /// <exception cref="SysctrException">Usage: it is no name and tag.</exception>
    public ImageReference ForTag(string typed, string doing)
    {
        ImageReference reference = host.Registries.Resolve(typed)[0];
        return reference.Transport == ImageTransport.Docker && reference.Digest is null
            ? reference
            : throw new SysctrException(
                ErrorKind.Usage,
                $"{doing} as '{typed}': that is no name and tag",
                "write NAME[:TAG] or HOST/NAME[:TAG]"
            );
    }

    private ImageRecord? ByName(string typed)
    {
        IReadOnlyList<ImageReference> candidates;
        try
        {
            candidates = host.Registries.Resolve(typed);
        }
        catch (SysctrException) when (IsId(typed, out _))
        {
            return null;
        }

        return candidates
            .Select(c => host.OpenStore().Images.Find(c.ToString()))
            .OfType<ImageRecord>()
            .FirstOrDefault();
    }

    private static bool IsId(string typed, out string hex)
    {
        hex = typed.StartsWith("sha256:", StringComparison.Ordinal) ? typed["sha256:".Length..] : typed;
        return hex.Length is >= ShortestId and <= 64 && hex.All(char.IsAsciiHexDigitLower);
    }
}
