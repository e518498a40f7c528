// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;
using SystemContainers.Oci;

namespace SystemContainers.Pull.Trust;

/// <summary>Reading the file: strictly, for a misspelt rule would be a rule that does not hold.</summary>
sealed partial class SignaturePolicy
{
    private const int MaxFileBytes = 4 << 20;

    // containers/image, signature/policy_config.go and policy_config_sigstore.go.
    private static readonly Dictionary<string, string[]> s_keys = new(StringComparer.Ordinal)
    {
        [AcceptAnything] = [],
        ["reject"] = [],
        ["signedBy"] = ["keyType", "keyPath", "keyPaths", "keyData", "signedIdentity"],
        ["signedBaseLayer"] = ["baseLayerIdentity"],
        ["sigstoreSigned"] =
        [
            "keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki", "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData",
            "rekorPublicKeyDatas", "signedIdentity",
        ],
    };

    private static readonly Dictionary<string, string[]> s_sources = new(StringComparer.Ordinal)
    {
        ["signedBy"] = ["keyPath", "keyPaths", "keyData"],
        ["sigstoreSigned"] = ["keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki"],
    };

    private static readonly string[] s_keyTypes = ["GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs"];

    private static readonly Dictionary<string, string[]> s_identities = new(StringComparer.Ordinal)
    {
        ["matchExact"] = [],
        ["matchRepoDigestOrExact"] = [],
        ["matchRepository"] = [],
        ["exactReference"] = ["dockerReference"],
        ["exactRepository"] = ["dockerRepository"],
        ["remapIdentity"] = ["prefix", "signedPrefix"],
    };

    /// <summary>
    /// The policy of the host that pulls; one of the user's own stands in its place, as in podman. For a system below a directory its own has to allow an
    /// image too: whoever wrote it said what may run there, not who may carry it in.
    /// </summary>
    /// <param name="user">Who pulls; null for root.</param>
    /// <param name="root">The root directory of the host that the image is for.</param>
    /// <exception cref="SysctrException">Policy: a file is there and can't be understood.</exception>
    public static SignaturePolicy Load(HostUser? user, string root = "/")
    {
        string? own = user is null ? null : Path.Join(user.ConfigHome, "containers/policy.json");
        SignaturePolicy caller = Load(own is not null && File.Exists(own) ? own : HostPath);
        return root == "/" ? caller : caller.And(Load(RootedPath.Resolve(root, HostPath, followLast: true)));
    }

    private SignaturePolicy And(SignaturePolicy other) => new(_path, _default, _scopes) { Also = other };

    /// <summary>The policy in a file; that of a host without one where it is missing.</summary>
    /// <exception cref="SysctrException">Policy: it can't be read or understood.</exception>
    public static SignaturePolicy Load(string path)
    {
        byte[] text;
        try
        {
            FileInfo info = new(path);
            if (info.Exists && info.Length > MaxFileBytes)
            {
                throw Invalid(path, $"it is larger than {MaxFileBytes} bytes");
            }

            text = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new SignaturePolicy(path, [AcceptAnything], []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, e.Message, e);
        }

        try
        {
            using JsonDocument json = StrictJson.Parse(text, maxDepth: 64);
            return Read(path, json.RootElement);
        }
        catch (JsonException e)
        {
            throw Invalid(path, JsonFault.Of(e), e);
        }
    }

    private static SignaturePolicy Read(string path, JsonElement root)
    {
        IReadOnlyList<string>? defaults = null;
        Dictionary<(string, string), IReadOnlyList<string>> scopes = [];
        foreach (JsonProperty part in Object(path, root, "the file").EnumerateObject())
        {
            switch (part.Name)
            {
                case "default":
                    defaults = Requirements(path, part.Value, "default");
                    break;
                case "transports":
                    foreach (JsonProperty transport in Object(path, part.Value, "transports").EnumerateObject())
                    {
                        foreach (JsonProperty scope in Object(path, transport.Value, transport.Name).EnumerateObject())
                        {
                            string where = $"{transport.Name}: \"{scope.Name}\"";
                            if (PolicyScopes.Fault(transport.Name, scope.Name) is { } fault)
                            {
                                throw Invalid(path, $"{where} holds no image at all: {fault}");
                            }

                            scopes[(transport.Name, scope.Name)] = Requirements(path, scope.Value, where);
                        }
                    }

                    break;
                default:
                    throw Invalid(path, $"unknown key \"{part.Name}\"");
            }
        }

        return new SignaturePolicy(path, defaults ?? throw Invalid(path, "it has no \"default\""), scopes);
    }

    private static string[] Requirements(string path, JsonElement list, string where)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw Invalid(path, $"{where} is no array of requirements");
        }

        return [.. list.EnumerateArray().Select(r => Requirement(path, r, where))];
    }

    private static string Requirement(string path, JsonElement requirement, string where)
    {
        string[] keys = [.. Object(path, requirement, where).EnumerateObject().Select(p => p.Name)];
        if (!requirement.TryGetProperty("type", out JsonElement type) || type.ValueKind != JsonValueKind.String || !s_keys.ContainsKey(type.GetString()!))
        {
            throw Invalid(path, $"{where} has a requirement of no known type");
        }

        string name = type.GetString()!;
        if (keys.FirstOrDefault(k => k != "type" && !s_keys[name].Contains(k)) is { } unknown)
        {
            throw Invalid(path, $"{where}: {name} takes no key \"{unknown}\"");
        }

        // What is missing was meant to restrict something.
        string[] sources = [.. s_sources.GetValueOrDefault(name, [])];
        if (sources.Length > 0 && keys.Count(sources.Contains) != 1)
        {
            throw Invalid(path, $"{where}: {name} needs exactly one of {string.Join(", ", sources)}");
        }

        if (name == "signedBy" && !(requirement.TryGetProperty("keyType", out JsonElement keyType) && s_keyTypes.Contains(Text(keyType))))
        {
            throw Invalid(path, $"{where}: signedBy has no keyType of {string.Join(", ", s_keyTypes)}");
        }

        if (name == "signedBaseLayer" && keys.Length != 2)
        {
            throw Invalid(path, $"{where}: signedBaseLayer needs baseLayerIdentity");
        }

        foreach (JsonProperty identity in requirement.EnumerateObject().Where(p => p.Name is "signedIdentity" or "baseLayerIdentity"))
        {
            Identity(path, identity.Value, where);
        }

        return name;
    }

    private static void Identity(string path, JsonElement identity, string where)
    {
        JsonProperty[] properties = [.. Object(path, identity, where).EnumerateObject()];
        string? name = identity.TryGetProperty("type", out JsonElement type) ? Text(type) : null;
        if (name is null || !s_identities.TryGetValue(name, out string[]? keys) ||
            !properties.Select(p => p.Name).ToHashSet(StringComparer.Ordinal).SetEquals([.. keys, "type"]) || properties.Any(p => Text(p.Value) is null))
        {
            throw Invalid(path, $"{where}: its identity is of no known type, or has not the keys of it");
        }
    }

    private static string? Text(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    private static JsonElement Object(string path, JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Object ? element : throw Invalid(path, $"{what} is no object");

    private static SysctrException Invalid(string path, string why, Exception? inner = null) =>
        new(ErrorKind.Policy, $"reading {path}: {why}", "nothing is pulled until it is corrected; see containers-policy.json(5)", inner);
}
