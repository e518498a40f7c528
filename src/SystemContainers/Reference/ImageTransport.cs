namespace SystemContainers.Reference;

/// <summary>How an image is reached (containers-transports(5)).</summary>
enum ImageTransport
{
    /// <summary><c>docker://</c>: a registry that speaks the distribution protocol.</summary>
    Docker,

    /// <summary><c>oci:</c>: a directory in the OCI image layout.</summary>
    OciLayout,
}
