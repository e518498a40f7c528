// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fleet.Etcd;

/// <summary>Reads and writes etcd's messages without reflection.</summary>
[JsonSourceGenerationOptions(
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(KeyRange))]
[JsonSerializable(typeof(RangeResponse))]
[JsonSerializable(typeof(TransactionRequest))]
[JsonSerializable(typeof(TransactionResponse))]
[JsonSerializable(typeof(LeaseMessage))]
[JsonSerializable(typeof(StreamLine<LeaseMessage>))]
[JsonSerializable(typeof(WatchRequest))]
[JsonSerializable(typeof(StreamLine<WatchResponse>))]
[JsonSerializable(typeof(AuthenticateRequest))]
[JsonSerializable(typeof(AuthenticateResponse))]
[JsonSerializable(typeof(EtcdError))]
sealed partial class EtcdJson : JsonSerializerContext { }
