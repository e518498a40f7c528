// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests.Packaging;

/// <summary>The Debian package of the published binaries (<c>make deb</c>), in a directory that goes with the
/// tests.</summary>
public sealed class BuiltPackage : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-package-").FullName;

    /// <summary>The file.</summary>
    public string Path { get; private set; } = "";

    public async ValueTask InitializeAsync() => Path = await BuildAsync("once");

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Builds it once more.</summary>
    /// <param name="name">A directory for it, new.</param>
    /// <returns>The file.</returns>
    public async Task<string> BuildAsync(string name)
    {
        await Packages.EnsureAsync();
        string output = Directory.CreateDirectory(System.IO.Path.Combine(_directory, name)).FullName;
        await Command.MustAsync("make", "--no-print-directory", "-C", Workspace.Root, "deb", $"OUTPUT={output}");
        return Directory.GetFiles(output, "*.deb").Single();
    }
}
