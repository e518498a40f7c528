// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>Operating system and processor in Go's names (OCI image-spec, image-index.md "platform").</summary>
public sealed record Platform(
    [AllowNull] string Architecture,
    [AllowNull] string OperatingSystem,
    string? Variant = null
)
{
    /// <summary>The processor; empty where a document leaves it out or has null, as Go reads it.</summary>
    public string Architecture { get; init; } = Architecture ?? "";

    /// <summary>The operating system, likewise.</summary>
    [JsonPropertyName("os")]
    public string OperatingSystem { get; init; } = OperatingSystem ?? "";

    /// <summary>The platform of this process: linux and the processor that it was compiled for.</summary>
    public static Platform Current { get; } =
        new(
            RuntimeInformation.ProcessArchitecture switch
            {
                System.Runtime.InteropServices.Architecture.X64 => "amd64",
                System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
                System.Runtime.InteropServices.Architecture other => other.ToString().ToLowerInvariant(),
            },
            "linux",
            RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "v8" : null
        );

    /// <summary><c>linux/amd64</c>, with <c>/variant</c> where there is one.</summary>
    public override string ToString() =>
        Variant is null ? $"{OperatingSystem}/{Architecture}" : $"{OperatingSystem}/{Architecture}/{Variant}";
}
