// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;

namespace SystemContainers.Render.Spec;

/// <summary>The init of <c>--init</c>: a program of the host that needs nothing of the image, which forwards signals to
/// the payload and takes in what it leaves behind.</summary>
static class InitProgram
{
    /// <summary>Where it is in the container, as podman has it.</summary>
    public const string Inside = "/run/podman-init";

    private static readonly string[] s_programs =
    [
        "/usr/libexec/podman/catatonit",
        "/usr/lib/podman/catatonit",
        "/usr/bin/catatonit",
        "/usr/bin/docker-init",
        "/usr/libexec/docker/docker-init",
        "/usr/bin/tini-static",
    ];

    /// <exception cref="SysctrException">Host: the host has none.</exception>
    public static MountConfig Mount(HostFacts host) =>
        Array.Find(s_programs, p => host.IsDirectory(p) == false) is { } program
            ? new MountConfig(Inside, "bind", program, ["bind", "ro", "nosuid", "nodev", "private"])
            : throw new SysctrException(
                ErrorKind.Host,
                "giving the container an init: the host has none",
                "'apt install catatonit' or 'dnf install catatonit'; or leave --init out"
            );
}
