// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Files;

/// <summary>Paths of a system that lies below a directory: what its links name is meant below that directory
/// too.</summary>
static class RootedPath
{
    // As many symbolic links as the kernel follows in one path (path_resolution(7)).
    private const int MaxLinks = 40;

    /// <summary>
    /// Where a path of that system stands, all links but one in the last part followed below <paramref name="root"/>.
    /// Parts that are not there are taken as they are.
    /// </summary>
    /// <param name="root">Absolute path of the directory.</param>
    /// <param name="path">Absolute, as that system sees it.</param>
    /// <param name="followLast">Whether a link in the last part is followed too: for what is looked into, not for what
    /// is replaced.</param>
    /// <exception cref="IOException">The links do not end.</exception>
    public static string Resolve(string root, string path, bool followLast = false)
    {
        List<string> done = [];
        Stack<string> todo = new(Parts(path).Reverse());
        int links = 0;
        while (todo.TryPop(out string? part))
        {
            if (part == "..")
            {
                done.RemoveRange(Math.Max(0, done.Count - 1), Math.Min(1, done.Count));
                continue;
            }

            string here = Path.Join(root, string.Join('/', done.Append(part)));
            if ((todo.Count == 0 && !followLast) || new FileInfo(here).LinkTarget is not { } target)
            {
                done.Add(part);
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"{path} below {root}: its symbolic links do not end");
            }

            if (target.StartsWith('/'))
            {
                done.Clear();
            }

            foreach (string next in Parts(target).Reverse())
            {
                todo.Push(next);
            }
        }

        return Path.Join(root, string.Join('/', done));
    }

    /// <summary>
    /// Whether the running system, and so a program that knows nothing of the other root, finds the same file at that
    /// path: false where a link leads out of <paramref name="root"/>.
    /// </summary>
    /// <param name="root">Absolute path of the directory.</param>
    /// <param name="path">Absolute, as that system sees it.</param>
    public static bool IsPlain(string root, string path) =>
        RealPath.Of(Path.Join(root, path)) == RealPath.Of(Resolve(root, path, followLast: true));

    private static IEnumerable<string> Parts(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".");
}
