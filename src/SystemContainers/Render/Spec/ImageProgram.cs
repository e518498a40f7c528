// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Render.Spec;

/// <summary>Programs of an image as its payload would find them.</summary>
static class ImageProgram
{
    /// <summary>What stands where nothing says where programs are.</summary>
    public const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The regular file that a word of a command line names: by its path, or in the directories of
    /// <c>PATH</c>; null for none.</summary>
    /// <param name="word">Such as <c>docker-entrypoint.sh</c>.</param>
    /// <param name="environment">The image's variables.</param>
    public static ImageFile? Find(IImageFiles files, string word, IReadOnlyList<string>? environment)
    {
        const string name = "PATH=";
        string path = environment?.LastOrDefault(v => v.StartsWith(name, StringComparison.Ordinal)) ?? DefaultPath;
        return word.Length == 0
            ? null
            : (
                word.Contains('/', StringComparison.Ordinal)
                    ? [word]
                    : path[name.Length..].Split(':').Select(d => $"{d}/{word}")
            )
                .Where(p => p.StartsWith('/'))
                .Select(files.Find)
                .FirstOrDefault(f => f?.Kind == ImageFileKind.Regular);
    }
}
