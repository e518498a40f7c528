// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Reference;

namespace SystemContainers.Pull.Trust;

/// <summary>The scopes that hold an image of a registry, as containers-policy.json(5) has them: keys of policy.json,
/// registries.d and trust.d.</summary>
static class DockerScopes
{
    /// <summary>What the image is meant by: its name with the tag, and with the digest.</summary>
    public static string[] Identities(ImageReference reference) =>
        [
            .. reference.Tag is { } tag ? [$"{reference.Name}:{tag}"] : (string[])[],
            .. reference.Digest is { } digest ? [$"{reference.Name}@{digest}"] : (string[])[],
        ];

    /// <summary>What it is in, the most specific first: its repository, those above it, its registry, and
    /// domains.</summary>
    public static IEnumerable<string> Namespaces(ImageReference reference)
    {
        for (string name = reference.Name; ; name = name[..name.LastIndexOf('/')])
        {
            yield return name;
            if (!name.Contains('/', StringComparison.Ordinal))
            {
                break;
            }
        }

        // Without the port, as in containers/image: *.example.com holds reg.example.com:5000.
        string host = reference.Registry.Split(':')[0];
        for (
            int dot = host.IndexOf('.', StringComparison.Ordinal);
            dot >= 0;
            dot = host.IndexOf('.', StringComparison.Ordinal)
        )
        {
            host = host[(dot + 1)..];
            yield return "*." + host;
        }
    }
}
