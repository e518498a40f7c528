// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Tar;

namespace SystemContainers.Tree;

/// <summary>
/// A place in the merged tree, all symbolic links resolved inside it. It may lie in or below directories that are not
/// there yet: from the first missing part on, the names are taken as they stand.
/// </summary>
sealed class TreePath
{
    // Where umoci gives up; more than the kernel's 40.
    private const int MaxLinks = 255;

    private readonly List<(byte[] Name, TreeNode? Node)> _parts = [];
    private readonly TreeDirectory _root;

    private TreePath(TreeDirectory root) => _root = root;

    /// <summary>The parts below the root with what stands there now; null where nothing does.</summary>
    public IReadOnlyList<(byte[] Name, TreeNode? Node)> Parts => _parts;

    /// <summary>What stands there; null where nothing does.</summary>
    public TreeNode? Node => _parts.Count == 0 ? _root : _parts[^1].Node;

    /// <summary>The length of the path in bytes, slashes included.</summary>
    public int Length => _parts.Sum(p => p.Name.Length + 1);

    /// <summary>Follows a path from the root; <c>..</c> never leads above it.</summary>
    /// <param name="path">Absolute or not, with the same meaning.</param>
    /// <param name="followLast">Whether a symbolic link in the last part is followed too.</param>
    /// <param name="budget">Counts the parts; null where the path is ours.</param>
    /// <returns>Null where the links do not end.</returns>
    public static TreePath? Resolve(
        TreeDirectory root,
        ReadOnlySpan<byte> path,
        bool followLast = true,
        MergeBudget? budget = null
    )
    {
        Stack<byte[]> todo = new();
        Push(todo, path);
        return Follow(root, todo, followLast, budget);
    }

    /// <summary>The same of a path whose parts are at hand.</summary>
    /// <param name="root">As above.</param>
    /// <param name="parts">As <see cref="Clean"/> gives them.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="budget">As above.</param>
    /// <returns>As above.</returns>
    public static TreePath? Resolve(TreeDirectory root, List<byte[]> parts, int count, MergeBudget budget)
    {
        Stack<byte[]> todo = new(count);
        for (int i = count - 1; i >= 0; i--)
        {
            todo.Push(parts[i]);
        }

        return Follow(root, todo, followLast: true, budget);
    }

    private static TreePath? Follow(TreeDirectory root, Stack<byte[]> todo, bool followLast, MergeBudget? budget)
    {
        TreePath here = new(root);
        int links = 0;
        while (todo.TryPop(out byte[]? name))
        {
            budget?.Step();
            if (name is [(byte)'.', (byte)'.'])
            {
                if (here._parts.Count > 0)
                {
                    here._parts.RemoveAt(here._parts.Count - 1);
                }

                continue;
            }

            TreeNode? node = null;
            (here.Node as TreeDirectory)?.TryGet(name, out node);
            bool last = todo.Count == 0;
            if (
                node is TreeLeaf { Entry: { Type: TarEntryType.Symlink, LinkName: var target } }
                && (followLast || !last)
            )
            {
                if (++links > MaxLinks)
                {
                    return null;
                }

                if (target is [(byte)'/', ..])
                {
                    here._parts.Clear();
                }

                Push(todo, target);
                continue;
            }

            here._parts.Add((name, node));
        }

        return here;
    }

    /// <summary>The lexically clean parts of a path below the root: no empty ones, no <c>.</c>, and <c>..</c>
    /// applied.</summary>
    public static List<byte[]> Clean(ReadOnlySpan<byte> path)
    {
        List<byte[]> parts = [];
        foreach (Range range in path.Split((byte)'/'))
        {
            switch (path[range])
            {
                case [] or [(byte)'.']:
                    break;
                case [(byte)'.', (byte)'.']:
                    parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
                    break;
                default:
                    parts.Add(path[range].ToArray());
                    break;
            }
        }

        return parts;
    }

    /// <inheritdoc/>
    public override string ToString() => "/" + string.Join('/', _parts.Select(p => Encoding.UTF8.GetString(p.Name)));

    private static void Push(Stack<byte[]> todo, ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty)
        {
            int slash = path.LastIndexOf((byte)'/');
            ReadOnlySpan<byte> part = path[(slash + 1)..];
            if (part is not ([] or [(byte)'.']))
            {
                todo.Push(part.ToArray());
            }

            path = slash < 0 ? [] : path[..slash];
        }
    }
}
