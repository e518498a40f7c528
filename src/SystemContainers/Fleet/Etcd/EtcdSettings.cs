// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fleet.Etcd;

/// <summary>
/// How to be known to etcd: table <c>[etcd]</c> of sysctr.toml, and over it the environment variables that etcdctl(1)
/// reads.
/// </summary>
sealed class EtcdSettings
{
    /// <summary>File with the CAs that etcd's certificate has to come from, PEM; null for those of the
    /// system.</summary>
    [JsonPropertyName("cacert")]
    public string? CaCertificate { get; set; }

    /// <summary>File with our certificate, PEM.</summary>
    [JsonPropertyName("cert")]
    public string? Certificate { get; set; }

    /// <summary>File with its key, PEM.</summary>
    [JsonPropertyName("key")]
    public string? Key { get; set; }

    /// <summary><c>NAME:PASSWORD</c>.</summary>
    [JsonPropertyName("user")]
    public string? User { get; set; }

    /// <summary>Keys that we do not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];

    /// <summary>Whether any of them only makes sense with TLS.</summary>
    [JsonIgnore]
    public bool AsksForTls => CaCertificate is not null || Certificate is not null;

    /// <summary>The same with what the environment says instead.</summary>
    /// <param name="variable">Gives an environment variable or null.</param>
    public EtcdSettings Over(Func<string, string?> variable)
    {
        string? Of(string name) => variable(name) is { Length: > 0 } value ? value : null;

        string? user = Of("ETCDCTL_USER");
        return new EtcdSettings
        {
            CaCertificate = Of("ETCDCTL_CACERT") ?? CaCertificate,
            Certificate = Of("ETCDCTL_CERT") ?? Certificate,
            Key = Of("ETCDCTL_KEY") ?? Key,
            User = user is not null && Of("ETCDCTL_PASSWORD") is { } password ? $"{user}:{password}" : user ?? User,
        };
    }
}
