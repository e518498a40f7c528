// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Files;

/// <summary>realpath(3) that does not mind what is not there.</summary>
static class RealPath
{
    private const int MaxLinks = 40;

    /// <summary>The path without symbolic links; parts that do not exist stay as they are.</summary>
    public static string Of(string absolute)
    {
        string done = "";
        Stack<string> left = new(absolute.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        for (int links = 0; left.TryPop(out string? part);)
        {
            if (part is "." or "..")
            {
                done = part == "." || done.Length == 0 ? done : done[..done.LastIndexOf('/')];
                continue;
            }

            string next = $"{done}/{part}";
            if (new FileInfo(next).LinkTarget is not { } target || ++links > MaxLinks)
            {
                done = next;
                continue;
            }

            done = target.StartsWith('/') ? "" : done;
            foreach (string word in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                left.Push(word);
            }
        }

        return done.Length == 0 ? "/" : done;
    }
}
