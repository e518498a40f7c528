// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.TestBed;

namespace SystemContainers.Demo;

/// <summary>For trying things by hand: the images alone, or a disposable host with a root shell.</summary>
static class TryOut
{
    /// <summary>Builds all images and says where they are.</summary>
    public static async Task<int> ImagesAsync()
    {
        foreach (ImageSource image in ImageSource.All.Union(ImageSource.Ordinary))
        {
            Console.WriteLine($"{image.Name}\toci:{await ImageBuilder.BuildAsync(image)}:{ImageBuilder.Tag}");
        }

        Console.WriteLine($"registry storage\t{await ImageBuilder.RegistryStorageAsync(ImageSource.All)}");
        Console.WriteLine($"that of docs/images.md\t{await ImageBuilder.RegistryStorageAsync(ImageSource.Ordinary)}");
        return 0;
    }

    /// <summary>Boots a host with images in its registry, and a shell on this terminal until it ends.</summary>
    public static async Task<int> HostAsync(HostRoot root, IReadOnlyCollection<ImageSource> images)
    {
        string storage = await ImageBuilder.RegistryStorageAsync(images);
        await using NspawnHost host = await NspawnHost.StartAsync(root, storage);
        Console.WriteLine(
            $"a disposable host; its root is {host.Root}, its images are at {TestHost.Registry}; leave with 'exit'"
        );
        IReadOnlyList<string> shell = host.CommandLine(["bash", "--login"]);
        using Process process = Process.Start(
            new ProcessStartInfo(shell[0], shell.Skip(1)) { UseShellExecute = false }
        )!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>Boots a whole machine and runs one shell script on it.</summary>
    public static async Task<int> MachineAsync(string script)
    {
        await using QemuHost machine = await QemuHost.StartAsync(
            await ImageBuilder.RegistryStorageAsync(ImageSource.All)
        );
        CommandResult result = await machine.RunAsync("sh", "-c", script);
        Console.WriteLine(result.All);
        return result.ExitCode;
    }

    /// <summary>What can be asked.</summary>
    public static int Usage()
    {
        Console.Error.WriteLine("usage: Demo [images | host [ordinary] | machine SCRIPT]");
        return 64;
    }
}
