// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Settings;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Verbs;

namespace SystemContainers.Tests.Fakes;

/// <summary>A system below a directory, with an image that containers of it are made of: files, records, links and
/// locks are real.</summary>
sealed class OfflineSystem : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-system-").FullName;

    /// <summary>Its directory.</summary>
    public string Root => _base + "/root";

    /// <summary>Its store.</summary>
    public string Store => Root + "/var/lib/sysctr";

    /// <summary>What was noted.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The image as one types it.</summary>
    public string Image => $"oci:{_base}/image:latest";

    /// <summary>A directory beside the system's.</summary>
    public string Beside(string name) => Path.Combine(_base, name);

    /// <summary>Where the host has a container's unit.</summary>
    public string UnitOf(string name) => $"{Root}/etc/systemd/system/{name}.service";

    /// <summary>Makes the system and the image.</summary>
    public async Task MakeAsync()
    {
        foreach (
            string directory in (string[])
                ["etc/systemd/system", "etc/containers", "usr/bin", "usr/lib/systemd/system", "var/lib", "run"]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, directory));
        }

        foreach (string program in (string[])["runc", "sysctr"])
        {
            await File.WriteAllTextAsync($"{Root}/usr/bin/{program}", "");
        }

        await WriteImageAsync("first");
    }

    /// <summary>Gives the image another content.</summary>
    public async Task WriteImageAsync(string content)
    {
        if (Directory.Exists(_base + "/image"))
        {
            Directory.Delete(_base + "/image", recursive: true);
        }

        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n", UnixFileMode.UserRead | UnixFileMode.UserExecute)
            .File("/etc/version", content)
            .WriteAsync(_base + "/image");
    }

    /// <summary>Another call's view of it.</summary>
    public Host Open(HostOptions? options = null) => Host.Open(Root, Notes.Add, options);

    /// <summary>Installs a container of the image.</summary>
    public Task InstallAsync(Host host, string name, params (string Option, string Value)[] options) =>
        InstallAsync(host, new InstallRequest(Image) { Name = name, Settings = Settings(options) });

    /// <summary>Installs containers in one call.</summary>
    public Task InstallAsync(Host host, params InstallRequest[] requests) =>
        new InstallOperation(host, NoProgress.Instance, Notes.Add).RunAsync(
            requests,
            now: false,
            StartPolicy.Default,
            CancellationToken.None
        );

    /// <summary>Updates a container, such as to another environment.</summary>
    public Task UpdateAsync(Host host, string name, params (string Option, string Value)[] options) =>
        new UpdateOperation(host, NoProgress.Instance, Notes.Add).RunAsync(
            [name],
            new UpdateRequest { Settings = Settings(options) },
            CancellationToken.None
        );

    /// <summary>Uninstalls a container.</summary>
    public Task UninstallAsync(Host host, string name) =>
        new UninstallOperation(host, Notes.Add).RunAsync([name], purge: false, CancellationToken.None);

    /// <summary>Options as a call has them.</summary>
    public static ContainerSettings Settings(params (string Option, string Value)[] options) =>
        new(
            options
                .GroupBy(o => o.Option, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, IReadOnlyList<string> (g) => [.. g.Select(o => o.Value)])
        );

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_base, recursive: true);
}
