// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Inspect.Images;

/// <summary>What an image of the store says of its own use: <c>/help.1</c>, a page in roff, or <c>/help.md</c>. Nothing
/// of the image runs for it.</summary>
sealed class ImageHelp(Host host)
{
    private static readonly string[] s_files = ["/help.1", "/help.md"];

    /// <summary>The text; a page of the manual set by mandoc(1), where that is installed.</summary>
    /// <param name="typed">What the user typed.</param>
    /// <exception cref="SysctrException">NotFound: the store does not have the image, or it has no such file; Unsafe:
    /// it is too large.</exception>
    public async Task<string> ReadAsync(string typed, CancellationToken cancellation)
    {
        ImageRecord record = new ImageNames(host).Find(typed)[0];
        MergedTree tree = MergedTree.Build(host.OpenStore(), record.DiffIds);
        foreach (string path in s_files)
        {
            if (tree.Find(path) is { Kind: ImageFileKind.Regular } file)
            {
                string text = Encoding.UTF8.GetString(tree.Read(file, OciLimits.MaxTemplateBytes));
                return path.EndsWith(".1", StringComparison.Ordinal) ? await SetAsync(text, cancellation) : text;
            }
        }

        throw new SysctrException(
            ErrorKind.NotFound,
            $"looking for the help of {record.Reference}: it has neither {string.Join(" nor ", s_files)}",
            $"'sysctr images info {record.ConfigDigest.Short}' shows its labels"
        );
    }

    /// <summary>By mandoc(1), which reads no file that a page names; the page's own text where it is not
    /// there.</summary>
    private static async Task<string> SetAsync(string page, CancellationToken cancellation)
    {
        try
        {
            ProcessResult set = await ProcessRunner.RunAsync("mandoc", ["-T", "ascii"], page, cancellation);

            // Bold and underlined are struck over, x BACKSPACE x.
            return set.ExitCode <= 4 && set.Output.Length > 0 ? Plain(set.Output) : page;
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Host)
        {
            return page;
        }
    }

    private static string Plain(string struck)
    {
        StringBuilder plain = new(struck.Length);
        foreach (char c in struck)
        {
            if (c != '\b')
            {
                plain.Append(c);
            }
            else if (plain.Length > 0)
            {
                plain.Length--;
            }
        }

        return plain.ToString();
    }
}
