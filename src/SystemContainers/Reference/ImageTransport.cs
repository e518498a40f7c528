// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Reference;

/// <summary>How an image is reached (containers-transports(5)).</summary>
enum ImageTransport
{
    /// <summary><c>docker://</c>: a registry that speaks the distribution protocol.</summary>
    Docker,

    /// <summary><c>oci:</c>: a directory in the OCI image layout.</summary>
    OciLayout,

    /// <summary><c>oci-archive:</c>: the same in a tar archive.</summary>
    OciArchive,

    /// <summary><c>docker-archive:</c>: a tar archive as <c>docker save</c> writes it.</summary>
    DockerArchive,

    /// <summary><c>docker-daemon:</c>: the Docker daemon of this host.</summary>
    DockerDaemon,

    /// <summary><c>dir:</c>: manifest and blobs as files of a directory, as skopeo and podman write it.</summary>
    Directory,

    /// <summary><c>sysctr-builtin:</c>: sysctr itself, for what is no container's image.</summary>
    Builtin,
}
