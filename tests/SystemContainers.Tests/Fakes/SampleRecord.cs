// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.State;

namespace SystemContainers.Tests.Fakes;

/// <summary>A deployment's record, as complete as one has to be; what a test is about it says by <c>with</c>.</summary>
static class SampleRecord
{
    /// <param name="name">The container's.</param>
    /// <param name="deployment">Its number.</param>
    /// <returns>One that has nothing on the host: no unit, no file, no directory.</returns>
    public static ContainerRecord Of(string name, int deployment = 0) =>
        new()
        {
            Name = name,
            Deployment = deployment,
            InstalledAt = DateTimeOffset.UnixEpoch,
            Image = $"docker://registry.example/{name}:latest",
            ManifestDigest = Digest.Sha256("manifest"u8),
            ImageId = Digest.Sha256("config"u8),
            Runtime = "/usr/sbin/runc",
            Set = new Dictionary<string, string>(),
            Values = new Dictionary<string, string>(),
            Units = [],
            Enabled = [],
            StateDirectories = [],
            Labels = new Dictionary<string, string>(),
        };
}
