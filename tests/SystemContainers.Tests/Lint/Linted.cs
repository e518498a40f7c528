// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Lint;
using SystemContainers.Lint.Json;
using SystemContainers.Oci;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Lint;

/// <summary>Lints images that a test writes down.</summary>
static class Linted
{
    public const string Service = "[Service]\nExecStart=$EXEC_START\n";

    public const string Confined = """
        "linux": {"namespaces": [{"type": "pid"}], "seccomp": {"defaultAction": "SCMP_ACT_ERRNO"}, "maskedPaths": []}
        """;

    /// <summary>Everything that is found.</summary>
    public static Task<IReadOnlyList<LintMessage>> AllAsync(TestImage image) =>
        LintOperation.RunAsync(
            new LintTarget(
                "etcd",
                "docker://registry.example/etcd:3.4",
                image,
                new ImageConfig("amd64", "linux", new ImageRootFs("layers", []))
                {
                    Run = new ImageRunConfig { Entrypoint = ["/usr/bin/etcd"] },
                },
                Prefix: ""
            ),
            TestContext.Current.CancellationToken
        );

    /// <summary>Errors and warnings, as they are printed.</summary>
    public static async Task<string[]> GraveAsync(TestImage image) => Grave(await AllAsync(image));

    /// <summary>Errors and warnings of all.</summary>
    public static string[] Grave(IReadOnlyList<LintMessage> all) =>
        [.. all.Where(m => m.Severity != LintSeverity.Note).Select(m => m.ToString())];

    /// <summary>Notes, as they are printed.</summary>
    public static async Task<string[]> NotesAsync(TestImage image) =>
        [.. (await AllAsync(image)).Where(m => m.Severity == LintSeverity.Note).Select(m => m.ToString())];
}
