// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fleet.Etcd;

// The messages of etcd's API (rpc.proto of etcd 3.4) as far as we use them, as its JSON gateway has them: keys and
// values in base64, which is how byte[] is written, and 64-bit numbers as text.

/// <summary>A key with its value, as etcd has them.</summary>
sealed record KeyValue(
    [property: JsonPropertyName("key")] byte[] Key,
    [property: JsonPropertyName("value")] byte[]? Value = null,
    [property: JsonPropertyName("create_revision")] long CreateRevision = 0,
    [property: JsonPropertyName("mod_revision")] long ModRevision = 0,
    [property: JsonPropertyName("lease")] long Lease = 0
);

/// <summary>Keys from <paramref name="Key"/> to before <paramref name="RangeEnd"/>; without an end that key
/// alone.</summary>
sealed record KeyRange(
    [property: JsonPropertyName("key")] byte[] Key,
    [property: JsonPropertyName("range_end")] byte[]? RangeEnd = null
);

/// <summary>A condition of a transaction: <c>target</c> of every key in the range <c>result</c> the number that is
/// given.</summary>
sealed record Compare(
    [property: JsonPropertyName("key")] byte[] Key,
    [property: JsonPropertyName("range_end")] byte[]? RangeEnd = null,
    [property: JsonPropertyName("target")] string? Target = null,
    [property: JsonPropertyName("result")] string? Result = null,
    [property: JsonPropertyName("mod_revision")] long? ModRevision = null,
    [property: JsonPropertyName("create_revision")] long? CreateRevision = null
)
{
    /// <summary>A key was last written in this revision; 0 for a key that is not there.</summary>
    public static Compare IsAt(byte[] key, long revision) => new(key, null, "MOD", "EQUAL", ModRevision: revision);

    public static Compare Exists(byte[] key) => new(key, null, "CREATE", "GREATER", CreateRevision: 0);

    /// <summary>Nothing below a prefix was written since a revision was read.</summary>
    public static Compare NothingSince(KeyRange range, long revision) =>
        new(range.Key, range.RangeEnd, "MOD", "LESS", ModRevision: revision + 1);
}

/// <summary>A key to write.</summary>
sealed record PutRequest(
    [property: JsonPropertyName("key")] byte[] Key,
    [property: JsonPropertyName("value")] byte[] Value,
    [property: JsonPropertyName("lease")] long Lease = 0
);

/// <summary>One of the two.</summary>
sealed record RequestOp(
    [property: JsonPropertyName("request_put")] PutRequest? Put = null,
    [property: JsonPropertyName("request_delete_range")] KeyRange? Delete = null
);

/// <summary>All of <paramref name="Success"/> at once if all of <paramref name="Compare"/> hold.</summary>
sealed record TransactionRequest(
    [property: JsonPropertyName("compare")] IReadOnlyList<Compare> Compare,
    [property: JsonPropertyName("success")] IReadOnlyList<RequestOp> Success
);

/// <summary>What every answer begins with.</summary>
sealed record ResponseHeader([property: JsonPropertyName("revision")] long Revision = 0);

/// <summary>Whether the conditions held.</summary>
sealed record TransactionResponse(
    [property: JsonPropertyName("header")] ResponseHeader Header,
    [property: JsonPropertyName("succeeded")] bool Succeeded = false
);

sealed record RangeResponse(
    [property: JsonPropertyName("header")] ResponseHeader Header,
    [property: JsonPropertyName("kvs")] IReadOnlyList<KeyValue>? KeyValues = null
);

/// <summary>A lease, asked for, kept alive or given back.</summary>
sealed record LeaseMessage(
    [property: JsonPropertyName("ID")] long? Id = null,
    [property: JsonPropertyName("TTL")] long? TimeToLive = null
);

/// <summary>A line of an answer that is a stream.</summary>
sealed record StreamLine<T>([property: JsonPropertyName("result")] T? Result = default)
    where T : class;

/// <summary>Asks for changes in a range, from a revision on.</summary>
sealed record WatchRequest([property: JsonPropertyName("create_request")] WatchCreateRequest Create);

/// <summary>The range and the first revision to tell of.</summary>
sealed record WatchCreateRequest(
    [property: JsonPropertyName("key")] byte[] Key,
    [property: JsonPropertyName("range_end")] byte[]? RangeEnd,
    [property: JsonPropertyName("start_revision")] long StartRevision
);

/// <summary>A line of a watch: that it began, or what has changed.</summary>
sealed record WatchResponse([property: JsonPropertyName("created")] bool Created = false);

/// <summary>A user who signs in.</summary>
sealed record AuthenticateRequest(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("password")] string Password
);

/// <summary>What to show from then on.</summary>
sealed record AuthenticateResponse([property: JsonPropertyName("token")] string? Token = null);

/// <summary>Why not, with gRPC's status code.</summary>
sealed record EtcdError(
    [property: JsonPropertyName("error")] string? Error = null,
    [property: JsonPropertyName("message")] string? Message = null,
    [property: JsonPropertyName("code")] int Code = 0
);
