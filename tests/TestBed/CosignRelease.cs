// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>A release of cosign, as Debian has it. Only unpacked: the program needs nothing but libc.</summary>
/// <param name="Program">Its path.</param>
public sealed record CosignRelease(string Program)
{
    /// <summary>Debian 13's, 2.5: signatures at tags.</summary>
    public static Task<CosignRelease> OldAsync() => GetAsync("trixie");

    /// <summary>The newest Debian's, 3: bundles as referrers.</summary>
    public static Task<CosignRelease> NewAsync() => GetAsync("sid");

    /// <summary>Runs it with a home of its own, in which it finds no settings and no keys of anybody.</summary>
    /// <param name="home">A directory, in which it works too.</param>
    /// <param name="variables"><c>NAME=VALUE</c>, beside those that are always there.</param>
    /// <param name="arguments">What it does.</param>
    public Task<CommandResult> RunAsync(string home, IEnumerable<string> variables, params string[] arguments) =>
        Command.RunAsync([
            "env",
            "--chdir=" + home,
            "HOME=" + home,
            "COSIGN_PASSWORD=",
            .. variables,
            Program,
            .. arguments,
        ]);

    private static async Task<CosignRelease> GetAsync(string suite)
    {
        await Packages.EnsureAsync();
        string cached = await Cache.GetAsync(
            $"cosign-{suite}",
            ["1", suite],
            folder => Packages.UnpackAsync(suite, ["cosign"], Path.Combine(folder, "root"))
        );
        return new CosignRelease(Path.Combine(cached, "root/usr/bin/cosign"));
    }
}
