// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Network;

/// <summary>The networks of the containers that run: a record each, and a lock, which whoever changes one
/// holds.</summary>
static class NetworkRecords
{
    /// <summary>Where netavark keeps what it has of its own; aardvark-dns too.</summary>
    public static string State => Path.Join(Place, "netavark");

    /// <summary>Of the system's containers, or of the caller's.</summary>
    public static string Place => Path.Join(Run, ".networks");

    private static string Run => AreUsers ? Path.Join(HostUser.OfCaller().RuntimeDirectory, "sysctr") : "/run/sysctr";

    /// <summary>Whether they are a user's, who calls, or as root of the user's namespace.</summary>
    public static bool AreUsers => Libc.geteuid() != 0 || HostUser.IsInNamespace;

    private const string Extension = ".json";

    /// <summary>
    /// Waits until nobody else changes networks; netavark itself has no lock in its older versions. For who holds no
    /// other lock, such as a start: a call takes it by its host's locks, which know their order.
    /// </summary>
    public static SafeFileHandle Lock()
    {
        string place = Place;
        PrivateDirectory.Make(Path.GetDirectoryName(place)!);
        PrivateDirectory.Make(place);
        PrivateDirectory.Make(State);
        return ExclusiveLock.Wait(
            Libc.open(place + "/lock", OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec, 0b110_000_000),
            place + "/lock"
        );
    }

    /// <summary>A container's; null where nothing was made for it.</summary>
    public static NetworkRecord? Find(string id) => Read(FileOf(id));

    public static IEnumerable<NetworkRecord> All() =>
        !Directory.Exists(Place)
            ? []
            : Directory.EnumerateFiles(Place, "*" + Extension).Select(Read).OfType<NetworkRecord>();

    /// <summary>Keeps one.</summary>
    public static void Put(NetworkRecord record)
    {
        string file = FileOf(record.Id);
        // /run is memory: nothing there outlives the machine; the rename makes it whole or not there.
#pragma warning disable RS0030
        File.WriteAllBytes(file + "~", JsonSerializer.SerializeToUtf8Bytes(record, NetworkJson.Default.NetworkRecord));
        File.Move(file + "~", file, overwrite: true);
#pragma warning restore RS0030
    }

    /// <summary>Forgets one.</summary>
    public static void Remove(string id) => File.Delete(FileOf(id));

    private static string FileOf(string id) => Path.Join(Place, id + Extension);

    private static NetworkRecord? Read(string file)
    {
        try
        {
            return File.Exists(file)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(file), NetworkJson.Default.NetworkRecord)
                : null;
        }
        catch (FileNotFoundException)
        {
            // Its container has ended just now: who only looks holds no lock.
            return null;
        }
        catch (JsonException)
        {
            // Nobody but us writes there, and whole files only; there is nothing to be rolled back with it.
            return null;
        }
    }
}
