// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization;
using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>Networks as podman and netavark write them: snake_case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(JsonStringEnumConverter<NetworkMode>)]
)]
[JsonSerializable(typeof(NetworkDefinition))]
[JsonSerializable(typeof(NetworkRequest))]
[JsonSerializable(typeof(NetworkRecord))]
[JsonSerializable(typeof(NetavarkInput))]
[JsonSerializable(typeof(Dictionary<string, NetavarkStatus>))]
sealed partial class NetworkJson : JsonSerializerContext
{
    /// <summary>The same, a member a line: networks are read by people too.</summary>
    public static NetworkJson Indented =>
        field ??= new NetworkJson(new JsonSerializerOptions(Default.Options) { WriteIndented = true });
}
