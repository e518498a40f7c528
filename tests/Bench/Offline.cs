// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>A root directory on the build machine's disk that <c>sysctr --root</c> works on; removed with it.</summary>
sealed class Offline : IAsyncDisposable
{
    private readonly Scratch _scratch;

    private Offline(Scratch scratch) => _scratch = scratch;

    /// <summary>The published program.</summary>
    public static string Sysctr { get; } = Path.Combine(Workspace.Artifacts, "sysctr");

    /// <summary>The root.</summary>
    public string Root => _scratch.File("root");

    /// <summary>An empty one: images can be pulled there.</summary>
    public static async Task<Offline> CreateAsync()
    {
        Offline offline = new(await Scratch.CreateAsync());
        Directory.CreateDirectory(Path.Combine(offline.Root, "etc"));
        return offline;
    }

    /// <summary>A Debian host that is not booted, with the program where it is here: containers can be installed
    /// there.</summary>
    public static async Task<Offline> CreateHostAsync()
    {
        Offline offline = new(await Scratch.CreateAsync());
        await Command.MustAsync("cp", "-a", "--reflink=auto", await HostRoot.Bookworm.GetAsync(), offline.Root);
        await Command.MustAsync("install", "-D", Sysctr, offline.Root + Sysctr);
        return offline;
    }

    /// <summary>A script that moves the store aside, for the next pull to begin with none; it is removed at
    /// last.</summary>
    public string Clear =>
        $"test ! -e {Root}/var/lib/sysctr || mv {Root}/var/lib/sysctr \"$(mktemp -d {_scratch.File("aside")}-XXXXXX)\"";

    /// <summary>A script that pulls a layout.</summary>
    public string Pull(string layout) => $"{Sysctr} pull --quiet --root {Root} oci:{layout}:{ImageBuilder.Tag}";

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _scratch.DisposeAsync();
}
