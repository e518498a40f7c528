// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Doctor;

/// <summary>Whether there is room for what sysctr writes: the store, units and what starts of containers keep below
/// /run.</summary>
static class SpaceCheck
{
    private const string Name = "space";

    // A unit, a config.json and what an install keeps of them.
    private const long LittleBytes = 1_000_000;
    private const long LittleInodes = 100;

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target)
    {
        string store = DoctorTarget.Nearest(target.Store);
        FileSystemSpace space = FileSystemSpace.Of(store);
        List<DoctorFinding> findings = [Store(store, space, target.Configuration.MinFreeSpace.Of(space.Total))];
        string run = target.User?.RuntimeDirectory ?? target.Here("/run");
        foreach (
            string directory in (string[])
                [target.Here(target.Paths.UnitDirectory), .. target.IsRunning ? (string[])[run] : []]
        )
        {
            FileSystemSpace there = FileSystemSpace.Of(DoctorTarget.Nearest(directory));
            if (there.Free < LittleBytes || there.FreeInodes < LittleInodes)
            {
                findings.Add(
                    DoctorFinding.Problem(
                        Name,
                        $"{directory} has no room: {ByteSize.Text(there.Free)}{(there.FreeInodes is { } inodes ? $", {inodes} inodes" : "")} free",
                        "free some: units and what runs are written there"
                    )
                );
            }
        }

        return findings;
    }

    /// <summary>The judgement of the store's file system.</summary>
    /// <param name="space">What is free there.</param>
    /// <param name="kept">What stays free of it, min-free-space.</param>
    internal static DoctorFinding Store(string store, FileSystemSpace space, long kept)
    {
        const string Remedy =
            "'sysctr images prune' and 'sysctr prune' free what nothing needs; min-free-space in sysctr.toml(5) says what stays free";
        string free =
            $"{store}: {ByteSize.Text(space.Free)} of {ByteSize.Text(space.Total)} free"
            + (space.FreeInodes is { } inodes ? $", {inodes} inodes" : "");
        return space.Free <= kept || space.FreeInodes < LittleInodes
                ? DoctorFinding.Problem(
                    Name,
                    $"{free}, {ByteSize.Text(kept)} of which stay free: nothing can be pulled",
                    Remedy
                )
            : space.Free - kept < space.Total / 20 || space.FreeInodes < 10 * LittleInodes
                ? DoctorFinding.Warning(Name, free, Remedy)
            : DoctorFinding.Ok(Name, free);
    }
}
