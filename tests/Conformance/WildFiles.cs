// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;

namespace SystemContainers.Conformance;

/// <summary>Files that people have: which can be applied, and why others can't. Each folder below the one named is
/// somebody's, whose files know one another.</summary>
static class WildFiles
{
    /// <summary>Prints what is refused, file by file, and how many are not.</summary>
    /// <param name="root">A folder of folders.</param>
    /// <param name="isUser">Whether they are for a user's systemd.</param>
    public static void Print(string root, bool isUser)
    {
        int all = 0;
        List<string> refused = [];
        foreach (string owner in Directory.GetDirectories(root).Order(StringComparer.Ordinal))
        {
            string[] files =
            [
                .. Directory
                    .GetFiles(owner, "*", SearchOption.AllDirectories)
                    .Where(QuadletFiles.IsOne)
                    .Order(StringComparer.Ordinal),
            ];
            foreach (string file in files.Where(f => f.EndsWith(".container", StringComparison.Ordinal)))
            {
                all++;
                QuadletFaults faults = new();
                string[] others =
                [
                    .. files
                        .Where(f => f != file)
                        .OrderBy(f => Path.GetDirectoryName(f) != Path.GetDirectoryName(file))
                        .DistinctBy(Path.GetFileName)
                        .Where(f => Path.GetFileName(f) != Path.GetFileName(file)),
                ];
                IReadOnlyList<QuadletUnit> units = QuadletFiles.Read([file, .. others], f => f, faults);
                _ = QuadletSet.Read(units, new QuadletHost { LooksAtHost = false, IsUser = isUser }, faults);
                string[] said =
                [
                    .. faults
                        .All.Where(f =>
                            f.Place.File.StartsWith(file, StringComparison.Ordinal)
                            && f.Kind != Errors.ErrorKind.Conflict
                        )
                        .Select(f => f.Text)
                        .Distinct(StringComparer.Ordinal),
                ];
                if (said.Length > 0)
                {
                    refused.Add(file);
                    Console.WriteLine($"  {Path.GetRelativePath(root, file)}: {string.Join("; ", said)}");
                }
            }
        }

        Console.WriteLine(
            $"\n{all} .container files of {root}: {all - refused.Count} apply, {refused.Count} are refused."
        );
    }
}
