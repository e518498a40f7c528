// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Mounts;
using SystemContainers.Target;

namespace SystemContainers.Cli.Completion;

/// <summary>What is installed, for completion: whoever may not look, or finds a store that is damaged, gets nothing and
/// no error.</summary>
/// <param name="open">Opens the host that the command line so far is about; asked when something is wanted.</param>
sealed class InstalledNames(Func<Host> open)
{
    /// <summary>Of the host that the words name by <c>--user</c> and <c>--root</c>.</summary>
    public static InstalledNames Of(string[] words)
    {
        string[] before = [.. words.SkipLast(1)];
        int root = Array.FindLastIndex(before, w => w == "--root" || w.StartsWith("--root=", StringComparison.Ordinal));
        string[] global =
        [
            .. before.Contains("--user", StringComparer.Ordinal)
            && !before.SkipWhile(w => w != "exec").Contains("--user", StringComparer.Ordinal)
                ? ["--user"]
                : (string[])[],
            .. root < 0 ? []
            : before[root] == "--root" ? before.Skip(root).Take(2)
            : before.Skip(root).Take(1),
        ];
        return new InstalledNames(() =>
            GlobalOptions.OpenHost(CommandTree.Create().Parse([.. global, "list"]), Terminal.Of(quiet: true))
        );
    }

    /// <summary>Containers, by name.</summary>
    public IReadOnlyList<string> Containers =>
        Ask(host => [.. host.Catalog.DirectoryNames().Where(host.Catalog.IsInstalled)]);

    /// <summary>Images of the store, as they are typed.</summary>
    public IReadOnlyList<string> Images =>
        Ask(host =>
            Directory.Exists(host.StoreHere)
                ? [.. host.OpenStore().Images.List().Select(i => ImageText.Name(i.Reference))]
                : []
        );

    /// <summary>Directories where <c>sysctr mount</c> has mounted something.</summary>
    public IReadOnlyList<string> Mounts =>
        Ask(host => [.. new MountCatalog(host.Target, host.Locks).List().Select(m => m.Directory)]);

    /// <summary>A container's deployments, the latest first.</summary>
    public IReadOnlyList<string> Deployments(string container) =>
        Ask(host =>
            [
                .. host
                    .Catalog.Numbers(Exports.ContainerName.OfUnit(container))
                    .OrderDescending()
                    .Select(n => n.ToString()),
            ]
        );

    private IReadOnlyList<string> Ask(Func<Host, IReadOnlyList<string>> question)
    {
        try
        {
            using Host host = open();
            return question(host);
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
