// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Pull.Auth;

/// <summary>These documents without reflection.</summary>
[JsonSourceGenerationOptions(MaxDepth = 16)]
[JsonSerializable(typeof(AuthFileJson))]
[JsonSerializable(typeof(Dictionary<string, AuthEntryJson?>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(HelperAnswerJson))]
[JsonSerializable(typeof(HelperSecretJson))]
sealed partial class AuthJson : JsonSerializerContext { }
