// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SystemContainers.Pull.Referrers;

/// <summary>Lists of referrers as we write them.</summary>
[JsonSerializable(typeof(JsonObject))]
sealed partial class ReferrerJson : JsonSerializerContext;
