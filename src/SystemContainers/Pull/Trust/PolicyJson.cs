// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Trust.Names;
using SystemContainers.Pull.Trust.Requirements;

namespace SystemContainers.Pull.Trust;

/// <summary>
/// The requirements of a policy file, read as containers/image reads them (signature/policy_config.go,
/// policy_config_sigstore.go): no member that is not known or missing, for a misspelt rule would be one that does not
/// hold. Where Go's decoder takes a null for nothing, so is it here.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="here">Where this process finds a file that it names.</param>
sealed class PolicyJson(string path, Func<string, string> here)
{
    private static readonly string[] s_keyTypes =
    [
        SignedBy.GpgKeys,
        "signedByGPGKeys",
        "X509Certificates",
        "signedByX509CAs",
    ];

    /// <param name="list">The value.</param>
    /// <param name="where">Whose it is, for messages.</param>
    /// <exception cref="SysctrException">Policy: it is none.</exception>
    public IReadOnlyList<PolicyRequirement> Requirements(JsonElement list, string where) =>
        list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? [.. list.EnumerateArray().Select(r => Requirement(r, where) with { Text = r.GetRawText() })]
            : throw Invalid($"{where} is no array of requirements");

    /// <exception cref="SysctrException">Policy: it is none.</exception>
    public JsonElement Object(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Object ? element : throw Invalid($"{what} is no object");

    /// <summary>What is wrong with the file.</summary>
    public SysctrException Invalid(string why, Exception? inner = null) =>
        new(
            ErrorKind.Policy,
            $"reading {path}: {Redact.Text(why)}",
            "nothing is pulled until it is corrected; see containers-policy.json(5)",
            inner
        );

    private PolicyRequirement Requirement(JsonElement element, string where)
    {
        string type = Type(element, where) ?? "";
        PolicyObject of = new(this, element, $"{where}: {type}");
        switch (type)
        {
            case AcceptAnything.Name:
                of.Only("type");
                return new AcceptAnything();
            case "reject":
                of.Only("type");
                return new Reject();
            case "signedBy":
                return ReadSignedBy(of);
            case "signedBaseLayer":
                of.Only("type", "baseLayerIdentity");
                return new SignedBaseLayer(
                    Identity(
                        of.Member("baseLayerIdentity") ?? throw of.Invalid("it has no baseLayerIdentity"),
                        of.Where
                    )
                );
            case "sigstoreSigned":
                return ReadSigstoreSigned(of);
            default:
                throw Invalid($"{where} has a requirement of no known type");
        }
    }

    private SignedBy ReadSignedBy(PolicyObject of)
    {
        of.Only("type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity");
        string keyType = of.Text("keyType") ?? "";
        if (!s_keyTypes.Contains(keyType))
        {
            throw of.Invalid($"it has no keyType of {string.Join(", ", s_keyTypes)}");
        }

        // One must be there and say something; a list may be empty, and then nobody's signature counts.
        if (
            of.Present("keyPath", "keyPaths", "keyData") != 1
            || of.Source("keyPath", "keyPaths", "keyData", null, here) is not { } keys
        )
        {
            throw of.Invalid("it needs exactly one of keyPath, keyPaths, keyData");
        }

        return new SignedBy(keyType, keys, SignedIdentity(of));
    }

    private SigstoreSigned ReadSigstoreSigned(PolicyObject of)
    {
        of.Only(
            "type",
            "keyPath",
            "keyPaths",
            "keyData",
            "keyDatas",
            "fulcio",
            "pki",
            "rekorPublicKeyPath",
            "rekorPublicKeyPaths",
            "rekorPublicKeyData",
            "rekorPublicKeyDatas",
            "signedIdentity"
        );
        foreach (string list in (string[])["keyPaths", "keyDatas", "rekorPublicKeyPaths", "rekorPublicKeyDatas"])
        {
            if (of.Member(list) is { } items && (items.ValueKind != JsonValueKind.Array || items.GetArrayLength() == 0))
            {
                throw of.Invalid($"{list} has nothing in it");
            }
        }

        KeySource? keys = of.Source("keyPath", "keyPaths", "keyData", "keyDatas", here);
        FulcioSource? fulcio = of.Member("fulcio") is { } f
            ? ReadFulcio(new PolicyObject(this, f, $"{of.Where}: fulcio"))
            : null;
        PkiSource? pki = of.Member("pki") is { } p ? ReadPki(new PolicyObject(this, p, $"{of.Where}: pki")) : null;
        if (
            of.Sources("keyPath", "keyPaths", "keyData", "keyDatas") + (fulcio is null ? 0 : 1) + (pki is null ? 0 : 1)
            != 1
        )
        {
            throw of.Invalid("it needs exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio, pki");
        }

        int logs = of.Sources("rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas");
        if (logs > 1)
        {
            throw of.Invalid(
                "it takes one of rekorPublicKeyPath, rekorPublicKeyPaths, rekorPublicKeyData, rekorPublicKeyDatas"
            );
        }

        if (fulcio is not null && logs == 0)
        {
            throw of.Invalid(
                "fulcio needs one of rekorPublicKeyPath, rekorPublicKeyPaths, rekorPublicKeyData, rekorPublicKeyDatas: its certificates hold for minutes, and only a log says when one was used"
            );
        }

        if (pki is not null && logs > 0)
        {
            throw of.Invalid("pki takes no key of a log");
        }

        return new SigstoreSigned(
            keys,
            fulcio,
            pki,
            of.Source("rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas", here),
            SignedIdentity(of)
        );
    }

    private FulcioSource ReadFulcio(PolicyObject of)
    {
        of.Only("caPath", "caData", "oidcIssuer", "subjectEmail");
        return new FulcioSource(
            One(of, "caPath", "caData") ?? throw of.Invalid("it needs one of caPath, caData"),
            of.Text("oidcIssuer") is { Length: > 0 } issuer ? issuer : throw of.Invalid("it has no oidcIssuer"),
            of.Text("subjectEmail") is { Length: > 0 } email ? email : throw of.Invalid("it has no subjectEmail")
        );
    }

    private PkiSource ReadPki(PolicyObject of)
    {
        of.Only(
            "caRootsPath",
            "caRootsData",
            "caIntermediatesPath",
            "caIntermediatesData",
            "subjectEmail",
            "subjectHostname"
        );
        string? email = of.Text("subjectEmail") is { Length: > 0 } e ? e : null;
        string? host = of.Text("subjectHostname") is { Length: > 0 } h ? h : null;
        return new PkiSource(
            One(of, "caRootsPath", "caRootsData") ?? throw of.Invalid("it needs one of caRootsPath, caRootsData"),
            One(of, "caIntermediatesPath", "caIntermediatesData"),
            email,
            email is null && host is null ? throw of.Invalid("it needs subjectEmail, subjectHostname, or both") : host
        );
    }

    private KeySource? One(PolicyObject of, string file, string data) =>
        of.Sources(file, null, data, null) > 1
            ? throw of.Invalid($"it takes one of {file}, {data}")
            : of.Source(file, null, data, null, here);

    private SignedIdentity SignedIdentity(PolicyObject of) =>
        of.Member("signedIdentity") is { } identity ? Identity(identity, of.Where) : new MatchRepoDigestOrExact();

    private SignedIdentity Identity(JsonElement element, string where)
    {
        string type = Type(element, where) ?? "";
        PolicyObject of = new(this, element, $"{where}: {type}");
        switch (type)
        {
            case "matchExact":
                of.Only("type");
                return new MatchExact();
            case "matchRepoDigestOrExact":
                of.Only("type");
                return new MatchRepoDigestOrExact();
            case "matchRepository":
                of.Only("type");
                return new MatchRepository();
            case "exactReference":
                of.Only("type", "dockerReference");
                return new ExactReference(of.Text("dockerReference") ?? "") is { IsValid: true } reference
                    ? reference
                    : throw of.Invalid("its dockerReference is no name with a tag or digest");
            case "exactRepository":
                of.Only("type", "dockerRepository");
                return new ExactRepository(of.Text("dockerRepository") ?? "") is { IsValid: true } repository
                    ? repository
                    : throw of.Invalid("its dockerRepository is no name");
            case "remapIdentity":
                of.Only("type", "prefix", "signedPrefix");
                return
                    new RemapIdentity(of.Text("prefix") ?? "", of.Text("signedPrefix") ?? "") is { IsValid: true } remap
                    ? remap
                    : throw of.Invalid("its prefixes are a host, or a host and namespaces, each");
            default:
                throw Invalid($"{where}: its identity is of no known type");
        }
    }

    private string? Type(JsonElement element, string where) => new PolicyObject(this, element, where).Text("type");
}
