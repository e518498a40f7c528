// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Mounts;

namespace SystemContainers.Cli.Options;

/// <summary><c>--storage</c> of verbs whose names may be an image's and a container's.</summary>
static class StorageOption
{
    public static Option<MountStorage?> Create() =>
        new("--storage")
        {
            Description = "Which is meant where the name is an image's and a container's: images, containers.",
        };

    /// <summary>What was said; null for nothing.</summary>
    public static MountKind? Kind(MountStorage? said) =>
        said switch
        {
            MountStorage.Images => MountKind.Image,
            MountStorage.Containers => MountKind.Container,
            _ => null,
        };
}
