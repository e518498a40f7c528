// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Verity;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// The root of a deployment that is mounted and not copied, for one start. It is in a mount namespace that the launcher
/// leaves to the runtime, so the host never sees it, its mount table does not grow with containers, and it is gone with
/// the payload, however that ends. A container whose mounts the host is to see has it on the host, until
/// <c>launch delete</c>.
/// </summary>
static class ComposefsRoot
{
    /// <summary>The image of the tree, in the deployment.</summary>
    public const string ImageName = "rootfs.erofs";

    /// <summary>In the directory of a start.</summary>
    private const string Place = "image";

    /// <summary>Beside the directories of starts; no container's name begins with a dot.</summary>
    private const string Known = ".images";

    /// <summary>Has what is mounted from here on seen by this start alone, where that can be. The calling thread has to
    /// be the one that becomes the runtime.</summary>
    /// <param name="document">config.json.</param>
    /// <exception cref="LinuxException">A call failed.</exception>
    public static void LeaveHost(JsonObject document)
    {
        if (BundleConfig.SharesMounts(document))
        {
            return;
        }

        // What the host unmounts must not be held here.
        OwnMounts.Leave(Libc.MS_SLAVE);
    }

    /// <summary>Mounts the metadata; <see cref="ComposefsMount.Complete"/> is left to who knows whether the root can be
    /// written to.</summary>
    /// <param name="digest">Of the image, in hexadecimal, as the unit has it.</param>
    /// <param name="deployment">Its directory.</param>
    /// <param name="bundle">The directory of this start.</param>
    /// <param name="objects">The store's.</param>
    /// <exception cref="SysctrException">Corrupt: it is not what was installed; Host: the kernel can't.</exception>
    public static (ComposefsMount Mount, string Place) Open(
        string digest,
        string deployment,
        string bundle,
        string objects
    )
    {
        if (!VerityDigest.TryParse(digest, out VerityDigest expected))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"sysctr launch: {digest} is no digest",
                "it is for units, not for people"
            );
        }

        string place = Path.Join(bundle, Place);
        Directory.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string image = Path.Join(deployment, ImageName);
        ProvenImages known = new(Path.Join(Path.GetDirectoryName(bundle), Known));
        return (
            ComposefsMount.Open(
                image,
                expected,
                objects,
                place,
                Path.Join(Path.GetDirectoryName(RealPath.Of(image)), "rootfs"),
                ByDevice,
                known
            ),
            place
        );
    }

    /// <summary><c>sysctr launch image IMAGE PLACE</c>: what <see cref="ByDevice"/> has done.</summary>
    /// <exception cref="LinuxException">There is no device.</exception>
    public static int MountByDevice(string image, string place)
    {
        try
        {
            string manager = File.ReadLines("/proc/1/cgroup").First(l => l.StartsWith("0::", StringComparison.Ordinal))[
                3..
            ];
#pragma warning disable RS0030 // A control group is no file.
            File.WriteAllText(
                Path.Join("/sys/fs/cgroup", manager, "cgroup.procs"),
                Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            );
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Whether it has to be elsewhere is for the device to say.
        }

        ComposefsMount.MountByDevice(image, place);
        return 0;
    }

    /// <summary>
    /// A unit lets what is in it have the devices of its payload alone, by its control group, and that is as it should
    /// be. A loop device is for a process that is out of it for the moment that it takes, and shares the mounts of this
    /// start.
    /// </summary>
    private static void ByDevice(string image, string place)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, ["launch", "image", image, place])
            {
                UseShellExecute = false,
            }
        )!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"mounting the tree {image}: see above",
                "the kernel needs EROFS, from 6.12 or with loop devices; '--checkout hardlinks' goes without"
            );
        }
    }

    /// <summary>Takes away what a start has mounted on the host, or an earlier one has left.</summary>
    /// <param name="bundle">The directory of the start.</param>
    public static void Unmount(string bundle)
    {
        string place = Path.Join(bundle, Place);
        if (Directory.Exists(place))
        {
            MountTable.Detach(p => p == place);
        }
    }
}
