// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Requirements;

/// <summary>
/// <c>/etc/sysctr/trust.d/*.json</c>: signed statements that have to be there about images of a registry. It stands
/// beside policy.json, whose readers refuse members that they don't know, and adds to it: what policy.json forbids
/// stays forbidden.
/// </summary>
/// <remarks>
/// The statements prove a digest, not a name, so a requirement has to say in words that this is enough; see
/// <see cref="StatementPolicyFile"/>.
/// </remarks>
sealed class StatementPolicy
{
    /// <summary>Where administrators write it.</summary>
    public const string Place = "/etc/sysctr/trust.d";

    private readonly Dictionary<string, StatementRule> _rules;

    private StatementPolicy(Dictionary<string, StatementRule> rules) => _rules = rules;

    /// <summary>Another one that has to be met as well; null where there is none.</summary>
    private StatementPolicy? Also { get; init; }

    /// <summary>That of the host that pulls, and of the system below a directory that the image is for.</summary>
    /// <exception cref="SysctrException">Policy: a file can't be read or understood.</exception>
    public static StatementPolicy Load(string root = "/") =>
        root == "/"
            ? Load(Place, p => p)
            : new StatementPolicy(Load(Place, p => p)._rules)
            {
                Also = Load(
                    RootedPath.Resolve(root, Place, followLast: true),
                    p => RootedPath.Resolve(root, p, followLast: true)
                ),
            };

    /// <summary>The files of a directory, in the order of their names; none where it is not there.</summary>
    /// <param name="here">Where this process finds a path that a file names.</param>
    /// <exception cref="SysctrException">Policy: one can't be read or understood, or two are about one
    /// scope.</exception>
    public static StatementPolicy Load(string directory, Func<string, string> here)
    {
        Dictionary<string, StatementRule> rules = new(StringComparer.Ordinal);
        foreach (string file in Files(directory))
        {
            foreach (StatementRule rule in StatementPolicyFile.Read(file, here))
            {
                if (!rules.TryAdd(rule.Scope, rule))
                {
                    throw new SysctrException(
                        ErrorKind.Policy,
                        $"reading {file}: \"{rule.Scope}\" is in {rules[rule.Scope].File} too",
                        "write all that is required for a scope into one file; nothing is pulled until then"
                    );
                }
            }
        }

        return new StatementPolicy(rules);
    }

    /// <summary>All rules; of both hosts where two have a say.</summary>
    public IReadOnlyList<StatementRule> All =>
        [.. _rules.Values.OrderBy(r => r.Scope, StringComparer.Ordinal), .. Also?.All ?? []];

    /// <summary>What has to be met for an image: the rule of the most specific scope; several where an image has a tag
    /// and a digest, which are two identities, and where two hosts have a say.</summary>
    public IReadOnlyList<StatementRule> For(ImageReference reference)
    {
        if (reference.Transport != ImageTransport.Docker)
        {
            return [];
        }

        // By tag and digest it is two images, which may be in different scopes.
        string[] within = [.. DockerScopes.Namespaces(reference), ""];
        string[] identities = DockerScopes.Identities(reference) is { Length: > 0 } several
            ? several
            : [reference.Name];
        StatementRule[] own =
        [
            .. identities
                .Select(i => within.Prepend(i).FirstOrDefault(_rules.ContainsKey))
                .OfType<string>()
                .Distinct()
                .Select(s => _rules[s]),
        ];
        return [.. own, .. Also?.For(reference) ?? []];
    }

    private static string[] Files(string directory)
    {
        try
        {
            return [.. Directory.GetFiles(directory, "*.json").Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(
                ErrorKind.Policy,
                $"reading {directory}: {e.Message}",
                "nothing is pulled until it can be read",
                e
            );
        }
    }
}
