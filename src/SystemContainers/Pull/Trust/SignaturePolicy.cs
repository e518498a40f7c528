// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull.Trust.Requirements;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Trust;

/// <summary>
/// containers-policy.json(5): what has to be proved about an image before it may be pulled. Which list decides is found
/// here; whether signatures satisfy it is for <c>ImageJudge</c>, which can fetch them.
/// </summary>
/// <remarks>
/// A host without the file accepts everything, as if it held the one that distributions ship: the file comes with the
/// packages of podman and skopeo, and sysctr needs neither. A file that can't be read or understood accepts nothing.
/// </remarks>
sealed partial class SignaturePolicy
{
    /// <summary>Where administrators write it.</summary>
    public const string HostPath = "/etc/containers/policy.json";

    /// <summary>Where packages put one that administrators may override.</summary>
    public const string ShippedPath = "/usr/share/containers/policy.json";

    private readonly PolicyRule _default;
    private readonly Dictionary<(string Transport, string Scope), PolicyRule> _scopes;

    private SignaturePolicy(PolicyRule defaults, Dictionary<(string Transport, string Scope), PolicyRule> scopes)
    {
        _default = defaults;
        _scopes = scopes;
    }

    /// <summary>Whether there is no file at all, neither the administrator's nor a shipped one, so that everything is
    /// accepted.</summary>
    public bool IsMissing => _default.IsBuiltIn && Also is null or { IsMissing: true };

    /// <summary>All rules, <c>default</c> first; of both hosts where two have a say.</summary>
    public IReadOnlyList<PolicyRule> All =>
        [
            _default,
            .. _scopes
                .OrderBy(s => s.Key.Transport, StringComparer.Ordinal)
                .ThenBy(s => s.Key.Scope, StringComparer.Ordinal)
                .Select(s => s.Value),
            .. Also?.All ?? [],
        ];

    /// <summary>Another policy that has to allow an image as well; null where there is none.</summary>
    private SignaturePolicy? Also { get; init; }

    /// <summary>
    /// What decides about an image, before anything of it is fetched: all requirements of all of these have to hold.
    /// The most specific list of a policy; several where the image has a tag and a digest, which are two identities,
    /// each with a list of its own or that of what it is in, where a layout's directory and a tag in it have one (the
    /// man page knows such scopes and skopeo passes over them), and where a system below a directory has a policy too.
    /// </summary>
    /// <param name="reference">The logical name: a mirror does not change who must have signed.</param>
    /// <returns>None for an image that sysctr has itself: who runs sysctr has trusted it.</returns>
    public IReadOnlyList<PolicyRule> RulesFor(ImageReference reference) =>
        reference.Transport == ImageTransport.Builtin
            ? []
            : [.. Applying(reference), .. Also?.RulesFor(reference) ?? []];

    /// <summary>Whether only signatures can say if an image may be pulled.</summary>
    public bool AsksForSignatures(ImageReference reference) =>
        RulesFor(reference).SelectMany(r => r.Requirements).Any(r => r is SignedBy or SigstoreSigned);

    /// <summary>
    /// A digest of all that decides about an image, the bytes of keys too: an image that was judged by these rules need
    /// not be judged again while it is the same.
    /// </summary>
    /// <returns>Null where no signature is asked for.</returns>
    /// <exception cref="SysctrException">Policy: a key can't be read.</exception>
    public string? JudgementFor(ImageReference reference)
    {
        if (!AsksForSignatures(reference))
        {
            return null;
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (PolicyRequirement requirement in RulesFor(reference).SelectMany(r => r.Requirements))
        {
            // Each part behind its length, so that no two sets of rules give one text.
            foreach (
                byte[] part in requirement
                    .Sources.SelectMany(s => s.Read())
                    .Prepend(Encoding.UTF8.GetBytes(requirement.Text))
            )
            {
                hash.AppendData(BitConverter.GetBytes(part.LongLength));
                hash.AppendData(part);
            }
        }

        return Digest.FromSha256(hash.GetHashAndReset()).ToString();
    }

    /// <summary>Throws where an image may not be pulled, whoever signed it.</summary>
    /// <param name="reference">The logical name.</param>
    /// <exception cref="SysctrException">Policy: it may not.</exception>
    public void Check(ImageReference reference)
    {
        foreach (PolicyRule rule in RulesFor(reference))
        {
            if (rule.Requirements.FirstOrDefault(r => r is Reject or SignedBaseLayer) is { } never)
            {
                throw Refused(
                    reference,
                    never is Reject ? "it is rejected" : $"{never.Type} is a requirement that nothing meets",
                    rule
                );
            }
        }
    }

    /// <summary>Says which rule of which file refuses an image.</summary>
    /// <param name="reference">The logical name.</param>
    /// <param name="why">Why it does.</param>
    /// <param name="hint">What to do where it is not to write another rule.</param>
    public static SysctrException Refused(ImageReference reference, string why, PolicyRule rule, string? hint = null) =>
        new(
            ErrorKind.Policy,
            $"pulling {reference.Identity}: {why}, says {rule.File} for {rule.Name}",
            hint
                ?? $"allow it there with {AcceptAnything.Name} for a scope that holds this image only; see containers-policy.json(5)"
        );

    private PolicyRule[] Applying(ImageReference reference)
    {
        (string transport, string[] identities, string[] namespaces) = Scopes(reference);
        PolicyRule[] exact =
        [
            .. identities.Where(i => _scopes.ContainsKey((transport, i))).Select(i => _scopes[(transport, i)]),
        ];

        // Attack: what is allowed for a tag, used with a digest that the tag never led to. So an identity that has no
        // list of its own has that of what it is in.
        bool fallsThrough =
            exact.Length == 0
            || exact.Length < identities.Length
            || reference.Transport is ImageTransport.OciLayout or ImageTransport.OciArchive;
        string? general = namespaces.Append("").FirstOrDefault(n => _scopes.ContainsKey((transport, n)));
        return !fallsThrough ? exact : [.. exact, general is null ? _default : _scopes[(transport, general)]];
    }

    /// <summary>What containers-policy.json(5), "Supported transports and their scopes", has for each.</summary>
    private static (string Transport, string[] Identities, string[] Namespaces) Scopes(ImageReference reference) =>
        reference.Transport switch
        {
            ImageTransport.Docker => (
                "docker",
                DockerScopes.Identities(reference),
                [.. DockerScopes.Namespaces(reference)]
            ),
            ImageTransport.OciLayout => ("oci", OciIdentities(reference), OciNamespaces(reference)),
            ImageTransport.Directory => ("dir", [], OciNamespaces(reference)),
            ImageTransport.OciArchive => ("oci-archive", OciIdentities(reference), OciNamespaces(reference)),

            // The names in an archive are its author's own and prove nothing; so only the scope of all archives is
            // there.
            ImageTransport.DockerArchive => ("docker-archive", [], []),
            ImageTransport.DockerDaemon when reference.ImageId is not null => ("docker-daemon", [], []),
            _ => ("docker-daemon", DockerScopes.Identities(reference), [.. DockerScopes.Namespaces(reference)]),
        };

    private static string[] OciIdentities(ImageReference reference) =>
        [$"{RealPath.Of(reference.FilePath)}:{reference.Tag}"];

    /// <summary>The directory and those above it. The root is no scope: the man page wants the transport's default for
    /// that.</summary>
    private static string[] OciNamespaces(ImageReference reference)
    {
        List<string> scopes = [];
        for (string path = RealPath.Of(reference.FilePath); path.Length > 1; path = path[..path.LastIndexOf('/')])
        {
            scopes.Add(path);
        }

        return [.. scopes];
    }
}
