// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Tests.Tree;

/// <summary>Entries of a layer that have no content.</summary>
static class SampleEntry
{
    /// <param name="type">What it is.</param>
    /// <param name="name">As the archive has it.</param>
    /// <param name="link">Of a link.</param>
    /// <param name="time">By which it is told from others.</param>
    public static LayerEntry Of(TarEntryType type, string name, string link = "", int time = 0) =>
        new()
        {
            Type = type,
            Name = Encoding.UTF8.GetBytes(name),
            LinkName = Encoding.UTF8.GetBytes(link),
            Metadata = new FileMetadata(0b111_101_101, 0, 0, time, 0, []),
            Size = 0,
            DeviceMajor = 0,
            DeviceMinor = 0,
        };
}
