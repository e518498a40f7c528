// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Cli.Options;

/// <summary><c>--platform OS/ARCH[/VARIANT]</c>, in Go's names as podman and docker take it.</summary>
static class PlatformOption
{
    public static Option<string?> Create() =>
        new("--platform")
        {
            Description = "Which image of several: OS/ARCH[/VARIANT], such as linux/arm64. This host's otherwise.",
            HelpName = "PLATFORM",
        };

    /// <summary>The platform that was typed; this host's where none was.</summary>
    /// <exception cref="SysctrException">Usage: it is none.</exception>
    public static Platform Parse(string? typed) =>
        typed?.Split('/') switch
        {
            null => Platform.Current,
            [{ Length: > 0 } os, { Length: > 0 } architecture] => new Platform(architecture, os),
            [{ Length: > 0 } os, { Length: > 0 } architecture, { Length: > 0 } variant] => new Platform(
                architecture,
                os,
                variant
            ),
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"--platform {typed}: it is not OS/ARCH[/VARIANT]",
                "write linux/amd64, linux/arm64 or linux/arm/v7"
            ),
        };
}
