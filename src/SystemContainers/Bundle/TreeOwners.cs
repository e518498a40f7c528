// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;

namespace SystemContainers.Bundle;

/// <summary>Whose the files of a deployment's tree are on disk.</summary>
static class TreeOwners
{
    /// <summary>From the image's ids to those that this process sees on disk; null where they are the same.</summary>
    /// <param name="config">The deployment's config.json.</param>
    /// <param name="own">The user's namespace, in which this process is; null for the system's containers, whose roots
    /// are mounted with their owners mapped.</param>
    public static IdMap? Of(RuntimeConfigFile config, IdMap? own) =>
        own is not null && config.Annotation(StartAnnotations.Owners).Any() && IdMappings.Find(config.Copy()) is { } map
            ? map.Then(own.Inverse)
            : null;
}
