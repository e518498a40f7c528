// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench;

/// <summary>Containers of one small image in an offline root, named c1, c2 and on.</summary>
static class ManyContainers
{
    /// <summary>Installs those that lack.</summary>
    public static async Task InstallAsync(BenchRun run, Offline offline, int from, int to)
    {
        string layout = await new GeneratedLayout(1, 10, 64).GetAsync();
        await run.Here.ShellAsync(
            $"for i in $(seq {from} {to}); do {Offline.Sysctr} install --quiet{run.InstallOptions} --root {offline.Root} --name c$i oci:{layout}:latest; done"
        );
    }
}
