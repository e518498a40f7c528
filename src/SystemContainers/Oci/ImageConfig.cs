// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>An image's configuration (OCI image-spec, config.md); Docker's has the same fields as far as we read
/// them.</summary>
public sealed record ImageConfig(
    [AllowNull] string Architecture,
    [AllowNull] string OperatingSystem,
    [property: JsonRequired, JsonPropertyName("rootfs")] ImageRootFs RootFs
)
{
    /// <summary>The processor that it is for; empty where a hand-made image has null, as Go reads it.</summary>
    [JsonRequired]
    public string Architecture { get; init; } = Architecture ?? "";

    /// <summary>The operating system, likewise.</summary>
    [JsonRequired]
    [JsonPropertyName("os")]
    public string OperatingSystem { get; init; } = OperatingSystem ?? "";

    /// <summary>When the image was made, in RFC 3339 as the image says it; not trusted for anything.</summary>
    public string? Created { get; init; }

    /// <summary>The processor's variant, such as <c>v8</c>.</summary>
    public string? Variant { get; init; }

    /// <summary>How to run it; null where the image says nothing.</summary>
    [JsonPropertyName("config")]
    public ImageRunConfig? Run { get; init; }
}

/// <summary>The layers of an image by the digests of their plain tar streams, base first.</summary>
public sealed record ImageRootFs([property: JsonRequired] string Type, [AllowNull] IReadOnlyList<string> DiffIds)
{
    /// <summary>The digests; null, which BuildKit writes for an image without layers, is none.</summary>
    [JsonRequired]
    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<string> DiffIds { get; init; } = GoValues.Strings(DiffIds) ?? [];
}

/// <summary>The execution parameters of an image (OCI image-spec, config.md "config"); JSON names are Go's, in
/// PascalCase.</summary>
public sealed record ImageRunConfig
{
    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c> or <c>uid:gid</c>; names are looked up in the
    /// image.</summary>
    [JsonPropertyName("User")]
    public string? User { get; init; }

    /// <summary>Ports, <c>80/tcp</c>, as keys.</summary>
    [JsonPropertyName("ExposedPorts")]
    public IReadOnlyDictionary<string, EmptyObject>? ExposedPorts { get; init; }

    /// <summary><c>NAME=VALUE</c> lines.</summary>
    [JsonPropertyName("Env")]
    public IReadOnlyList<string>? Env
    {
        get;
        init => field = GoValues.Strings(value);
    }

    /// <summary>The command's first words.</summary>
    [JsonPropertyName("Entrypoint")]
    public IReadOnlyList<string>? Entrypoint
    {
        get;
        init => field = GoValues.Strings(value);
    }

    /// <summary>The command's further words, or all of it where there is no entry point.</summary>
    [JsonPropertyName("Cmd")]
    public IReadOnlyList<string>? Cmd
    {
        get;
        init => field = GoValues.Strings(value);
    }

    /// <summary>Absolute paths that want to be volumes, as keys.</summary>
    [JsonPropertyName("Volumes")]
    public IReadOnlyDictionary<string, EmptyObject>? Volumes { get; init; }

    /// <summary>The directory to start in.</summary>
    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    /// <summary>Labels, such as <c>atomic.type</c>.</summary>
    [JsonPropertyName("Labels")]
    public IReadOnlyDictionary<string, string>? Labels
    {
        get;
        init => field = GoValues.Strings(value!);
    }

    /// <summary>The signal that stops it, <c>SIGTERM</c>, <c>TERM</c> or a number.</summary>
    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }

    /// <summary>Docker's HEALTHCHECK; not part of the OCI's own format, but images in it have it too.</summary>
    [JsonPropertyName("Healthcheck")]
    public ImageHealthcheck? Healthcheck { get; init; }
}

/// <summary>HEALTHCHECK as docker writes it (Docker Image Specification 1.3, "Healthcheck"); times are nanoseconds, 0
/// for the default.</summary>
public sealed record ImageHealthcheck
{
    /// <summary><c>["NONE"]</c>, <c>["CMD", program, words…]</c> or <c>["CMD-SHELL", line]</c>; empty to
    /// inherit.</summary>
    [JsonPropertyName("Test")]
    public IReadOnlyList<string>? Test
    {
        get;
        init => field = GoValues.Strings(value);
    }

    /// <summary>What one attempt may take.</summary>
    [JsonPropertyName("Timeout")]
    public long? Timeout { get; init; }

    /// <summary>How long a payload may need to come up.</summary>
    [JsonPropertyName("StartPeriod")]
    public long? StartPeriod { get; init; }

    /// <summary>From one attempt to the next.</summary>
    [JsonPropertyName("Interval")]
    public long? Interval { get; init; }

    /// <summary>So many failures in a row make it unhealthy.</summary>
    [JsonPropertyName("Retries")]
    public long? Retries { get; init; }

    /// <summary>Whether who installs it has said the command; it counts more than all that the image says
    /// then.</summary>
    [JsonIgnore]
    public bool IsChosen { get; init; }
}

/// <summary>The <c>{}</c> that Go's sets have as values.</summary>
public sealed record EmptyObject;
