// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd.DBus;

/// <summary>What systemd tells unasked: that a job has ended, or that a unit has changed.</summary>
/// <param name="Path">Object path of the job, or of the unit.</param>
/// <param name="Unit">Of a job: its unit; else empty.</param>
/// <param name="JobResult">Of a job: done, canceled, timeout, failed, dependency, skipped …; null for a unit.</param>
readonly record struct SystemdSignal(string Path, string Unit, string? JobResult);
