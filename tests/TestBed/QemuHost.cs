// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>
/// A whole machine in QEMU without hardware help: in user space after about 15 seconds, with all cgroup controllers,
/// real reboots, and power cuts that lose what the guest's kernel had not written. Commands go through QEMU's guest
/// agent.
/// </summary>
public sealed class QemuHost : TestHost
{
    private const string SetupLabel = "setup";
    private const string RegistryLabel = "registry";

    /// <summary>Changes when the content of the disk does.</summary>
    private const string Recipe = "2";

    private readonly Scratch _scratch;
    private readonly string _root;
    private readonly string _disk;
    private BackgroundProcess? _machine;
    private GuestAgent? _agent;

    private QemuHost(Scratch scratch, string root, string disk)
    {
        _scratch = scratch;
        _root = root;
        _disk = disk;
    }

    /// <summary>Makes a disk over the cached one and boots it.</summary>
    /// <param name="registryStorage">Storage directory of the registry in the machine; null for none.</param>
    public static async Task<QemuHost> StartAsync(string? registryStorage)
    {
        HostRoot kind = HostRoot.Machine;
        string root = await kind.GetAsync();
        string disk = await Cache.GetAsync(
            "disk-" + kind.Name,
            [Recipe, Path.GetFileName(Path.GetDirectoryName(root)!)],
            folder => MakeDiskAsync(root, folder)
        );
        Scratch scratch = await Scratch.CreateAsync();
        QemuHost host = new(scratch, root, scratch.File("disk.qcow2"));
        try
        {
            await Command.MustAsync(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-F",
                "raw",
                "-b",
                Path.Combine(disk, "disk.img"),
                host._disk
            );
            await MakeSetupAsync(scratch);
            await MakeFileSystemAsync(
                scratch.File("registry.img"),
                RegistryLabel,
                registryStorage ?? scratch.File("setup"),
                megabytes: 2048
            );
            await host.BootAsync();
            await host.MustAsync("cp", "-a", $"/srv/{SetupLabel}/.", "/");
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Task<CommandResult> RunAsync(IReadOnlyList<string> commandLine, TimeSpan? timeout = null) =>
        _agent!.RunAsync([.. CleanEnvironment, .. commandLine], timeout ?? TimeSpan.FromMinutes(10));

    /// <inheritdoc/>
    public override async Task RebootAsync()
    {
        // --no-block: the agent that would carry the answer is stopped on the way.
        await RunAsync("systemctl", "--no-block", "reboot");
        if (await _machine!.WaitAsync(TimeSpan.FromMinutes(3)) is null)
        {
            throw new InvalidOperationException(
                $"the machine does not go down:\n{await File.ReadAllTextAsync(_machine.Log)}"
            );
        }

        await StopAsync();
        await BootAsync();
    }

    /// <inheritdoc/>
    public override async Task PowerCutAsync()
    {
        await StopAsync();
        await BootAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _scratch.DisposeAsync();
    }

    private async Task BootAsync()
    {
        string socket = _scratch.File("agent");
        File.Delete(socket);
        // -no-reboot: a reboot ends this QEMU, and the next one starts from the same disk.
        _machine = BackgroundProcess.Start(
            _scratch,
            "machine",
            [
                "qemu-system-x86_64",
                "-machine",
                "q35",
                "-accel",
                "tcg,thread=multi",
                "-cpu",
                "max",
                "-smp",
                "2",
                "-m",
                "2048",
                "-nographic",
                "-no-reboot",
                "-nic",
                "none",
                "-kernel",
                Boot("vmlinuz-"),
                "-initrd",
                Boot("initrd.img-"),
                "-append",
                "console=ttyS0 root=/dev/vda rw quiet",
                "-drive",
                $"file={_disk},format=qcow2,if=virtio",
                "-drive",
                $"file={_scratch.File("setup.img")},format=raw,if=virtio,readonly=on",
                "-drive",
                $"file={_scratch.File("registry.img")},format=raw,if=virtio,readonly=on",
                "-chardev",
                $"socket,path={socket},server=on,wait=off,id=agent",
                "-device",
                "virtio-serial-pci",
                "-device",
                "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            ]
        );
        _agent = await GuestAgent.ConnectAsync(socket, () => _machine.HasEnded, _machine.Log);
        await WaitUntilBootedAsync(() => _machine.HasEnded, _machine.Log);
    }

    private async Task StopAsync()
    {
        _agent?.Dispose();
        if (_machine is not null)
        {
            await _machine.DisposeAsync();
        }
    }

    private string Boot(string prefix) => Directory.GetFiles(Path.Combine(_root, "boot"), prefix + "*").Single();

    /// <summary>The files of <see cref="HostSetup"/> on a disk of their own: they change with every build, Debian does
    /// not.</summary>
    private static async Task MakeSetupAsync(Scratch scratch)
    {
        string files = scratch.File("setup");
        Directory.CreateDirectory(Path.Combine(files, "etc"));
        await HostSetup.PrepareAsync(files, scratch.Name);
        await MakeFileSystemAsync(scratch.File("setup.img"), SetupLabel, files, megabytes: 256);
    }

    private static async Task MakeDiskAsync(string root, string folder)
    {
        string copy = Path.Combine(folder, "root");
        await Command.MustAsync("cp", "-a", "--reflink=auto", root, copy);
        await File.WriteAllTextAsync(
            Path.Combine(copy, "etc/fstab"),
            $"""
            LABEL={SetupLabel} /srv/{SetupLabel} ext4 ro,nofail 0 0
            LABEL={RegistryLabel} /srv/{RegistryLabel} ext4 ro,nofail 0 0

            """
        );
        await File.WriteAllTextAsync(
            Path.Combine(copy, "etc/test-registry.yml"),
            RegistryServer.Configuration($"/srv/{RegistryLabel}", readOnly: true)
        );
        const string unit = "test-registry.service";
        await File.WriteAllTextAsync(
            Path.Combine(copy, "etc/systemd/system", unit),
            $"""
            [Unit]
            Description=The registry that tests install from
            RequiresMountsFor=/srv/{RegistryLabel}
            ConditionPathExists=/srv/{RegistryLabel}/docker

            [Service]
            ExecStart=/usr/bin/docker-registry serve /etc/test-registry.yml

            """
        );
        string wants = Path.Combine(copy, "etc/systemd/system/multi-user.target.wants");
        Directory.CreateDirectory(wants);
        File.CreateSymbolicLink(Path.Combine(wants, unit), "../" + unit);
        // As an administrator makes it who wants files proven (fs-verity(7)).
        await MakeFileSystemAsync(Path.Combine(folder, "disk.img"), "root", copy, megabytes: 8192, "-O", "verity");
        await Cache.DeleteAsync(copy);
    }

    /// <summary>An ext4 image with the content of a directory; sparse, so its size costs nothing.</summary>
    private static async Task MakeFileSystemAsync(
        string image,
        string label,
        string content,
        int megabytes,
        params string[] options
    )
    {
        await Command.MustAsync("truncate", $"--size={megabytes}M", image);
        await Command.MustAsync("mkfs.ext4", ["-q", "-F", .. options, "-L", label, "-d", content, image]);
    }
}
