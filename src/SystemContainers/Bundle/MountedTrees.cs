// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Templates;

namespace SystemContainers.Bundle;

/// <summary>Where the files of other images that a container mounts are: trees beside its rootfs,
/// <c>deployments/NAME/N/image-0</c> and so on.</summary>
static class MountedTrees
{
    private const string Prefix = "image-";

    private const string Deployments = "deployments";

    /// <summary>The name of a tree in the deployment's directory.</summary>
    /// <param name="number">Which of the deployment's images it is of, from 0.</param>
    public static string NameOf(int number) => $"{Prefix}{number}";

    /// <summary>Whether a path is such a tree of a deployment, or in one.</summary>
    /// <param name="deployment">The deployment's directory.</param>
    /// <param name="path">Absolute; links are not followed.</param>
    public static bool IsIn(string deployment, string path) =>
        deployment.Length > 0
        && !HostPath.LeadsUpwards(path)
        && HostPath.IsBelow(path, deployment)
        && HostPath.Parts(path[deployment.Length..]) is [var first, ..]
        && IsTree(first);

    /// <summary>The tree that a path is, or is in, by its words alone; null where it is in none.</summary>
    /// <param name="path">Absolute; links are not followed.</param>
    public static string? TreeOf(string path)
    {
        string[] parts = HostPath.Parts(path);
        for (int i = 0; i + 3 < parts.Length; i++)
        {
            if (parts[i] == Deployments && parts[i + 2].All(char.IsAsciiDigit) && IsTree(parts[i + 3]))
            {
                return "/" + string.Join('/', parts.Take(i + 4));
            }
        }

        return null;
    }

    private static bool IsTree(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && name.Length > Prefix.Length
        && name[Prefix.Length..].All(char.IsAsciiDigit);
}
