// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Reference;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Transfer;
using Xunit;

namespace SystemContainers.Tests.Verbs.Transfer;

/// <summary>A host below a directory, whose registries.conf allows plain HTTP for a registry in this process.</summary>
sealed class TransferBed : IDisposable
{
    public TransferBed()
    {
        File.WriteAllText(In("registries.conf"), $"[[registry]]\nlocation = \"{Registry.Host}\"\ninsecure = true\n");
        foreach (string place in (string[])["etc", "var/lib"])
        {
            Directory.CreateDirectory(In(Path.Join("root", place)));
        }

        Host = Host.Open(
            In("root"),
            Notes.Add,
            new HostOptions { Registries = new RegistriesConfPaths(In("registries.conf"), null, null) }
        );
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("sysctr-transfer-").FullName;

    public OciRegistry Registry { get; } = new();

    public List<string> Notes { get; } = [];

    public Host Host { get; }

    public RecordingProgress Progress { get; } = new();

    public PushOperation Push => new(Host, Progress, Notes.Add);

    public CopyOperation Copy => new(Host, Progress, Notes.Add);

    public SaveOperation Save => new(Host, Progress, Notes.Add);

    public LoadOperation Load => new(Host, Progress, Notes.Add);

    public ImageOperations Images => new(Host, Progress, Notes.Add);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string In(string name) => Path.Join(Root, name);

    public Task PullAsync(string image, string? name = null) =>
        Images.PullAsync(image, name, keepNames: false, Cancellation);

    public void Dispose()
    {
        Host.Dispose();
        Assert.Empty(Registry.Violations);
        Registry.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
