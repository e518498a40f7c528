// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd.DBus;

/// <summary>Types of jobs, by systemd's own names (org.freedesktop.systemd1(5), "Methods").</summary>
enum JobType
{
    Start,
    Stop,
    Restart,
}
