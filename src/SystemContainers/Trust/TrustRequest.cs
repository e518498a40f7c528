// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;

namespace SystemContainers.Trust;

/// <summary>A requirement as a command line says it (podman-image-trust(1), and what policy.json has
/// besides).</summary>
sealed record TrustRequest
{
    /// <summary>accept, reject, signedBy or sigstoreSigned.</summary>
    public required string Type { get; init; }

    /// <summary>Files of public keys.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Certificates of Fulcio's authority.</summary>
    public string? FulcioAuthority { get; init; }

    /// <summary>Where the signer has to have logged in.</summary>
    public string? OidcIssuer { get; init; }

    /// <summary>Root certificates of an authority of one's own.</summary>
    public string? PkiRoots { get; init; }

    /// <summary>Certificates between those and the signers'.</summary>
    public string? PkiIntermediates { get; init; }

    /// <summary>As whom, of Fulcio or of an authority.</summary>
    public string? SubjectEmail { get; init; }

    /// <summary>As which host, of an authority.</summary>
    public string? SubjectHostname { get; init; }

    /// <summary>Public keys of transparency logs.</summary>
    public IReadOnlyList<string> RekorKeys { get; init; } = [];

    /// <summary><c>matchRepository</c>, <c>exactRepository=NAME</c>, <c>remapIdentity=PREFIX,PREFIX</c> and so on; null
    /// for the default.</summary>
    public string? Identity { get; init; }

    /// <summary>The list of requirements for policy.json.</summary>
    /// <exception cref="SysctrException">Usage: options contradict the type.</exception>
    public JsonArray ToJson() =>
        Type switch
        {
            "accept" or "insecureAcceptAnything" => Bare("insecureAcceptAnything"),
            "reject" => Bare("reject"),
            "signedBy" => Signed(),
            "sigstoreSigned" => Sigstore(),
            _ => throw Wrong($"there is no type '{Type}'", "there are accept, reject, signedBy and sigstoreSigned"),
        };

    private JsonArray Bare(string type) =>
        Keys.Count > 0 || IsSigstores || Identity is not null || RekorKeys.Count > 0
            ? throw Wrong($"{Type} takes no keys", "leave them out, or write signedBy or sigstoreSigned")
            : new JsonArray(new JsonObject { ["type"] = type });

    private JsonArray Signed()
    {
        if (IsSigstores || RekorKeys.Count > 0)
        {
            throw Wrong("signedBy takes keys of OpenPGP alone", "write sigstoreSigned");
        }

        if (Keys.Count == 0)
        {
            throw Wrong("signedBy needs a key", "give it by --key FILE, as 'gpg --export' writes it");
        }

        JsonObject requirement = new() { ["type"] = "signedBy", ["keyType"] = "GPGKeys" };
        Add(requirement, "keyPath", Keys);
        return Finished(requirement);
    }

    private JsonArray Sigstore()
    {
        bool fulcios = FulcioAuthority is not null || OidcIssuer is not null;
        if ((PkiIntermediates is not null || SubjectHostname is not null) && PkiRoots is null)
        {
            throw Wrong(
                "--ca-intermediates and --subject-hostname are of an authority of one's own",
                "give its roots by --ca-roots"
            );
        }

        if (SubjectEmail is not null && !fulcios && PkiRoots is null)
        {
            throw Wrong(
                "--subject-email says whose certificate it is, and a key has none",
                "give --fulcio-ca or --ca-roots, or leave it out"
            );
        }

        JsonObject requirement = new() { ["type"] = "sigstoreSigned" };
        Add(requirement, "keyPath", Keys);
        if (fulcios)
        {
            JsonObject fulcio = [];
            Put(fulcio, "caPath", FulcioAuthority is null ? null : File(FulcioAuthority));
            Put(fulcio, "oidcIssuer", OidcIssuer);
            Put(fulcio, "subjectEmail", SubjectEmail);
            requirement["fulcio"] = fulcio;
        }

        if (PkiRoots is not null)
        {
            JsonObject pki = [];
            Put(pki, "caRootsPath", File(PkiRoots));
            Put(pki, "caIntermediatesPath", PkiIntermediates is null ? null : File(PkiIntermediates));
            Put(pki, "subjectEmail", SubjectEmail);
            Put(pki, "subjectHostname", SubjectHostname);
            requirement["pki"] = pki;
        }

        Add(requirement, "rekorPublicKeyPath", RekorKeys);
        return Finished(requirement);
    }

    private bool IsSigstores =>
        FulcioAuthority is not null
        || OidcIssuer is not null
        || PkiRoots is not null
        || PkiIntermediates is not null
        || SubjectEmail is not null
        || SubjectHostname is not null;

    private JsonArray Finished(JsonObject requirement)
    {
        if (Identity is { } identity)
        {
            requirement["signedIdentity"] = IdentityJson(identity);
        }

        return new JsonArray(requirement);
    }

    /// <summary>One path, or a list of them, of which any counts.</summary>
    private static void Add(JsonObject requirement, string key, IReadOnlyList<string> files)
    {
        if (files.Count > 0)
        {
            requirement[files.Count == 1 ? key : key + "s"] =
                files.Count == 1 ? File(files[0]) : new JsonArray([.. files.Select(f => (JsonNode)File(f))]);
        }
    }

    private JsonObject IdentityJson(string text)
    {
        string[] halves = text.Split('=', 2);
        JsonObject identity = new() { ["type"] = halves[0] };
        switch ((halves[0], halves.ElementAtOrDefault(1)?.Split(',')))
        {
            case ("matchExact" or "matchRepository" or "matchRepoDigestOrExact", null):
                break;
            case ("exactReference", [var reference]):
                identity["dockerReference"] = reference;
                break;
            case ("exactRepository", [var repository]):
                identity["dockerRepository"] = repository;
                break;
            case ("remapIdentity", [var prefix, var signed]):
                identity["prefix"] = prefix;
                identity["signedPrefix"] = signed;
                break;
            default:
                throw Wrong(
                    $"'{text}' is no identity",
                    "there are matchExact, matchRepository, matchRepoDigestOrExact, exactReference=REFERENCE, exactRepository=NAME and remapIdentity=PREFIX,SIGNED-PREFIX"
                );
        }

        return identity;
    }

    /// <summary>The policy is read from anywhere: a path in it is absolute.</summary>
    private static string File(string path) => Path.GetFullPath(path);

    private static void Put(JsonObject of, string name, string? value)
    {
        if (value is not null)
        {
            of[name] = value;
        }
    }

    private static SysctrException Wrong(string why, string hint) =>
        new(ErrorKind.Usage, $"setting what is trusted: {why}", hint);
}
