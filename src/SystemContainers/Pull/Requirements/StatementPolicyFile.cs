// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.Trust;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Requirements;

/// <summary>
/// One file: <c>{"SCOPE": [{"predicateType": TYPE, "signedIdentity": {"type": "digestOnly"}, ...signer...}]}</c>. The
/// signer is <c>keyPaths</c>, <c>pki</c> or <c>fulcio</c> in containers' words where those have one. Read strictly: a
/// misspelt requirement would be one that does not hold.
/// </summary>
static class StatementPolicyFile
{
    private const int MaxBytes = 1 << 20;
    private const int MaxKeyBytes = TrustedRoot.MaxBytes;

    private const string Seal = "sealedTree";

    /// <param name="file">Its path.</param>
    /// <param name="here">Where this process finds a path that it names.</param>
    /// <exception cref="SysctrException">Policy: it can't be read or understood.</exception>
    public static IReadOnlyList<StatementRule> Read(string file, Func<string, string> here)
    {
        byte[] text = Bytes(file, MaxBytes);
        try
        {
            using JsonDocument json = StrictMembers.Parse(text, "it");
            return [.. StrictMembers.Of(json.RootElement, "it").Select(s => Rule(file, s.Key, s.Value, here))];
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            throw new SysctrException(
                ErrorKind.Policy,
                $"reading {file}: {e.Message}",
                "nothing is pulled until it is corrected; see sysctr-trust.d(5)",
                e
            );
        }
    }

    private static StatementRule Rule(string file, string scope, JsonElement list, Func<string, string> here)
    {
        if (PolicyScopes.Fault("docker", scope) is { } fault)
        {
            throw Fault.Of($"\"{scope}\" holds no image at all: {fault}");
        }

        return list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? new StatementRule(
                file,
                scope,
                [
                    .. list.EnumerateArray()
                        .Where(r => !IsSeal(r, $"\"{scope}\""))
                        .Select(r => Requirement(r, $"\"{scope}\"", here)),
                ],
                list.EnumerateArray().Any(r => IsSeal(r, $"\"{scope}\""))
            )
            : throw Fault.Of($"\"{scope}\" is no array of requirements");
    }

    /// <summary><c>{"sealedTree": true}</c>, and nothing else in it.</summary>
    private static bool IsSeal(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(Seal, out _))
        {
            return false;
        }

        return StrictMembers.Exactly(element, where, Seal)[Seal].ValueKind == JsonValueKind.True
            ? true
            : throw Fault.Of($"{where}: {Seal} can be true alone; leave it out where it is not required");
    }

    private static StatementRequirement Requirement(JsonElement element, string where, Func<string, string> here)
    {
        IReadOnlyDictionary<string, JsonElement> members = StrictMembers.Among(
            element,
            where,
            "predicateType",
            "signedIdentity",
            "keyPaths",
            "pki",
            "fulcio",
            "rekorPublicKeyPaths",
            "trustedRootPath"
        );
        string type = StrictMembers.Text(Must(members, where, "predicateType"), "predicateType");
        string identity = StrictMembers.Text(
            StrictMembers.Exactly(Must(members, where, "signedIdentity"), "signedIdentity", "type")["type"],
            "signedIdentity.type"
        );
        if (identity != "digestOnly")
        {
            throw Fault.Of(
                $"{where}: a statement names no image but by its digest, so that it can't meet a signedIdentity of type {Redact.Text(identity)}; if that is enough, write digestOnly"
            );
        }

        string[] signers = [.. members.Keys.Where(k => k is "keyPaths" or "pki" or "fulcio")];
        if (signers.Length != 1)
        {
            throw Fault.Of($"{where}: it needs exactly one of keyPaths, pki, fulcio");
        }

        string[] logs = [.. members.Keys.Where(k => k is "rekorPublicKeyPaths" or "trustedRootPath")];
        if (logs.Length > 0 && signers[0] != "keyPaths")
        {
            throw Fault.Of($"{where}: {logs[0]} goes with keyPaths; the logs of fulcio are in its own trusted root");
        }

        if (logs.Length > 1)
        {
            throw Fault.Of(
                $"{where}: the logs are those of rekorPublicKeyPaths or those of trustedRootPath, not of both"
            );
        }

        List<string> files = [];
        Func<BundleTrust> trust = signers[0] switch
        {
            "keyPaths" => OfKeys(Paths(members["keyPaths"], "keyPaths"), Logs(members, Here), Here),
            "pki" => OfPki(
                StrictMembers.Among(
                    members["pki"],
                    "pki",
                    "caRootsPath",
                    "caIntermediatesPath",
                    "subjectEmail",
                    "subjectHostname"
                ),
                Here
            ),
            _ => OfFulcio(
                StrictMembers.Among(
                    members["fulcio"],
                    "fulcio",
                    "trustedRootPath",
                    "oidcIssuer",
                    "subject",
                    "ignoreLog"
                ),
                Here
            ),
        };
        return new StatementRequirement(type, trust, element.GetRawText(), files);

        string Here(string path)
        {
            files.Add(here(path));
            return files[^1];
        }
    }

    /// <summary>A digest of rules and of the files that they name.</summary>
    /// <exception cref="SysctrException">Policy: one can't be read.</exception>
    public static string DigestOf(IEnumerable<StatementRule> rules)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IReadOnlyList<StatementRule> all = [.. rules];
        if (all.Any(r => r.SealedTree))
        {
            hash.AppendData(Encoding.ASCII.GetBytes(Seal));
        }

        foreach (StatementRequirement requirement in all.SelectMany(r => r.All))
        {
            // Each part behind its length, so that no two sets of rules give one text.
            foreach (
                byte[] part in requirement
                    .Files.Select(f => Bytes(f, MaxKeyBytes))
                    .Prepend(Encoding.UTF8.GetBytes(requirement.Text))
            )
            {
                hash.AppendData(BitConverter.GetBytes(part.LongLength));
                hash.AppendData(part);
            }
        }

        return Digest.FromSha256(hash.GetHashAndReset()).ToString();
    }

    private static Func<BundleTrust> OfKeys(
        string[] keys,
        Func<IReadOnlyList<TrustedLog>>? logs,
        Func<string, string> here
    )
    {
        string[] keyFiles = [.. keys.Select(here)];
        return () =>
            new BundleTrust
            {
                Keys = [.. keyFiles.Select(k => VerificationKey.FromPem(Text(k)))],
                KeyPlaces = keys,
                Logs = logs?.Invoke(),
            };
    }

    // A key alone is one of Rekor's first version: the second signs by a name, too, which only a trusted root has.
    private static Func<IReadOnlyList<TrustedLog>>? Logs(
        IReadOnlyDictionary<string, JsonElement> members,
        Func<string, string> here
    )
    {
        if (Optional(members, "trustedRootPath") is { } root)
        {
            string file = here(root);
            return () => TrustedRoot.Read(Bytes(file, TrustedRoot.MaxBytes)).Logs;
        }

        if (!members.TryGetValue("rekorPublicKeyPaths", out JsonElement paths))
        {
            return null;
        }

        string[] files = [.. Paths(paths, "rekorPublicKeyPaths").Select(here)];
        return () => [.. SigstoreKeys.RekorKeys(files.Select(Text)).Select(TrustedLog.Of)];
    }

    private static Func<BundleTrust> OfPki(IReadOnlyDictionary<string, JsonElement> pki, Func<string, string> here)
    {
        string roots = here(StrictMembers.Text(Must(pki, "pki", "caRootsPath"), "caRootsPath"));
        string? between = Optional(pki, "caIntermediatesPath") is { } path ? here(path) : null;
        string? email = Optional(pki, "subjectEmail");
        string? host = Optional(pki, "subjectHostname");
        if (email is null && host is null)
        {
            throw Fault.Of("pki needs subjectEmail or subjectHostname");
        }

        return () =>
            new BundleTrust
            {
                Pki = new PkiAuthority(
                    Certificate.ReadRoots(Text(roots)),
                    between is null ? [] : Certificate.ReadRoots(Text(between)),
                    email,
                    host
                ),
            };
    }

    private static Func<BundleTrust> OfFulcio(
        IReadOnlyDictionary<string, JsonElement> fulcio,
        Func<string, string> here
    )
    {
        string file = here(StrictMembers.Text(Must(fulcio, "fulcio", "trustedRootPath"), "trustedRootPath"));
        SignerIdentity identity = new(
            StrictMembers.Text(Must(fulcio, "fulcio", "oidcIssuer"), "oidcIssuer"),
            StrictMembers.Text(Must(fulcio, "fulcio", "subject"), "subject")
        );
        if (identity.Issuer.Length == 0 || identity.Subject.Length == 0)
        {
            throw Fault.Of("fulcio needs an oidcIssuer and a subject");
        }

        bool withoutLog =
            fulcio.TryGetValue("ignoreLog", out JsonElement ignore)
            && ignore.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => throw Fault.Of("fulcio.ignoreLog is neither true nor false"),
            };
        return () =>
        {
            TrustedRoot root = TrustedRoot.Read(Bytes(file, TrustedRoot.MaxBytes));
            return !withoutLog || root.Stampers.Count > 0
                ? new BundleTrust
                {
                    Identity = identity,
                    Authorities = root.Authorities,
                    Logs = withoutLog ? null : root.Logs,
                    Stampers = root.Stampers,
                }
                : throw Fault.Of(
                    $"{file} has no authority for timestamps, and without a log only one knows when a certificate of an identity was used"
                );
        };
    }

    private static JsonElement Must(IReadOnlyDictionary<string, JsonElement> members, string where, string name) =>
        members.TryGetValue(name, out JsonElement value) ? value : throw Fault.Of($"{where} has no \"{name}\"");

    private static string? Optional(IReadOnlyDictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out JsonElement value)
            ? StrictMembers.Text(value, name) is { Length: > 0 } text
                ? text
                : throw Fault.Of($"{name} is empty")
            : null;

    private static string[] Paths(JsonElement list, string name) =>
        list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? [.. list.EnumerateArray().Select(p => StrictMembers.Text(p, name))]
            : throw Fault.Of($"{name} is no array of paths");

    private static string Text(string file) => Encoding.UTF8.GetString(Bytes(file, MaxKeyBytes));

    private static byte[] Bytes(string file, int most)
    {
        try
        {
            return BoundedFile.Read("/", file, most) ?? throw new FileNotFoundException("there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SysctrException(
                ErrorKind.Policy,
                $"reading {file}: {e.Message}",
                "nothing for which it is needed is pulled until it can be read; see sysctr-trust.d(5)",
                e
            );
        }
    }
}
