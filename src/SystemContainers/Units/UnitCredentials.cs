// SPDX-License-Identifier: Apache-2.0

using System.IO.Enumeration;
using SystemContainers.Runtime.Launch;
using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>Which credentials a unit's lines give it (systemd.exec(5)), as far as they say so before it
/// starts.</summary>
static class UnitCredentials
{
    private const string Import = "ImportCredential";

    private static readonly string[] s_loads = ["LoadCredential", "LoadCredentialEncrypted"];

    private static readonly string[] s_sets = ["SetCredential", "SetCredentialEncrypted"];

    /// <summary>Whether a credential of a name can be among them: a pattern may find it, and a directory has files that
    /// nobody named.</summary>
    /// <param name="container">Whose unit it is; drop-ins of the administrator's count, too.</param>
    /// <param name="lines">What a file declares for the unit.</param>
    /// <param name="root">Where the host is; null for a user's units, of which the file alone is looked at.</param>
    public static bool Give(string name, string container, IReadOnlyList<UnitLine> lines, string? root) =>
        lines.Any(l => l.Section == "Service" && Gives(l.Key, l.Value, name))
        || (
            root is not null
            && DropInVariables
                .Texts(container + ".service", root)
                .Any(t =>
                    ((string[])[.. s_loads, .. s_sets, Import]).Any(k =>
                        t.All("Service", k).Any(v => Gives(k, v, name))
                    )
                )
        );

    private static bool Gives(string key, string value, string name)
    {
        string[] words = value.Split(':', 2);
        string id = words[0].Trim();
        return s_sets.Contains(key, StringComparer.Ordinal) ? id == name
            : s_loads.Contains(key, StringComparer.Ordinal)
                ? id == name || (id.Length > 0 && name.StartsWith(id + "_", StringComparison.Ordinal))
            : key == Import
                && (
                    words is [_, var renamed] && renamed.Trim() is { Length: > 0 } other
                        ? IsRenamed(name, id, other)
                        : FileSystemName.MatchesSimpleExpression(id, name, ignoreCase: false)
                );
    }

    /// <summary>From systemd 257 on: what a pattern finds gets another beginning, what a name finds another
    /// name.</summary>
    private static bool IsRenamed(string name, string pattern, string other) =>
        pattern.EndsWith('*') ? name.StartsWith(other, StringComparison.Ordinal) : name == other;
}
