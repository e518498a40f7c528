// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Lint.Json;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>An image's own config.json: that it is JSON, has the runtime-spec's shape, and confines the
/// payload.</summary>
static class ConfigCheck
{
    /// <returns>The document; null where it is none.</returns>
    public static LocatedJson? Run(LintedFile config, LintFindings findings)
    {
        try
        {
            using JsonDocument parsed = ExportJson.Parse(config.Path, config.Text);
        }
        catch (SysctrException e)
        {
            findings.Refused(e, config.Path, config.Lines);
            return null;
        }

        LocatedJson document = LocatedJson.Parse(config.Text);
        new RuntimeSpecCheck(config, findings).Run(document);
        Hints(config, document, findings);
        return document;
    }

    /// <summary>What confines a payload and is not there.</summary>
    private static void Hints(LintedFile config, LocatedJson document, LintFindings findings)
    {
        if (document["process"] is { Kind: JsonValueKind.Object } process)
        {
            Hint(
                process["noNewPrivileges"] is not { Kind: JsonValueKind.True },
                process,
                "process.noNewPrivileges is not true: setuid programs of the image can gain privileges"
            );
            foreach (LocatedJson capability in process["capabilities"]?["bounding"]?.Items ?? [])
            {
                Hint(capability.Text == "CAP_SYS_ADMIN", capability, "CAP_SYS_ADMIN is nearly all of root");
            }
        }

        LocatedJson linux = document["linux"] ?? document;
        Hint(linux["seccomp"] is null, linux, "linux.seccomp is not there: no system call is filtered");
        Hint(
            linux["maskedPaths"] is null,
            linux,
            "linux.maskedPaths is not there: /proc/kcore and the like can be read"
        );
        Hint(
            linux["namespaces"]?.Items.Any(n => n["type"]?.Text == "pid") != true,
            linux["namespaces"] ?? linux,
            "there is no pid namespace: the payload sees the host's processes"
        );

        void Hint(bool given, LocatedJson at, string text)
        {
            if (given)
            {
                findings.Note(config.Path, config.At(at.Position), text);
            }
        }
    }
}
