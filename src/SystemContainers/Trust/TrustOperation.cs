// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.OpenPgp;
using SystemContainers.Pull.Requirements;
using SystemContainers.Pull.Signatures;
using SystemContainers.Pull.Trust;
using SystemContainers.Pull.Trust.Requirements;
using SystemContainers.Reference;
using SystemContainers.Target;

namespace SystemContainers.Trust;

/// <summary>What images have to prove, shown, changed and tried: the files that podman and skopeo read, and trust.d
/// beside them.</summary>
sealed class TrustOperation(Host host, Action<string> note)
{
    /// <summary>The directory that is written to, as this process sees it: the user's, and root's own where there is
    /// one, as it is the only one that podman before 6 looks at then.</summary>
    private string SignaturePlaces => host.User is not null || Directory.Exists(OwnPlaces) ? OwnPlaces : HostPlaces;

    private string OwnPlaces => Below(SignatureStorage.Own(host.User, host.Root, Environment.GetEnvironmentVariable));

    private string HostPlaces => Below("/etc/containers/registries.d");

    private string Below(string path) =>
        host.Root == "/" ? path : RootedPath.Resolve(host.Root, path, followLast: true);

    /// <summary>What is known of where signatures are, in the files that would be changed.</summary>
    private SignatureStorage Storage()
    {
        if (host.Root == "/")
        {
            return SignatureStorage.Of(host.User);
        }

        (IReadOnlyList<string> directories, string builtIn) = SignatureStorage.Places(
            null,
            host.Root,
            environment: null
        );
        return SignatureStorage.Load([.. directories.Select(Below)], builtIn);
    }

    /// <summary>All rules.</summary>
    /// <exception cref="SysctrException">Policy: a file can't be understood.</exception>
    public IReadOnlyList<TrustReport> Show()
    {
        SignatureStorage storage = Storage();
        return
        [
            .. host.SignaturePolicy.All.Select(r => new TrustReport(
                r.Transport ?? "default",
                r.Scope,
                r.IsBuiltIn ? "no policy.json" : r.File
            )
            {
                Requirements = [.. r.Requirements.Select(Words)],
                Attachments = r.Transport is null or "docker" ? storage.AttachmentsOf(r.Scope) : null,
            }),
            .. StatementPolicy
                .Load(host.Root)
                .All.Select(r => new TrustReport("docker", r.Scope, r.File) { Requirements = r.Words }),
        ];
    }

    /// <summary>Has a requirement hold for a scope. Where signatures of sigstore are meant, registries.d says from now
    /// on that they are looked for.</summary>
    /// <param name="scope">Which images.</param>
    /// <param name="request">What they have to prove.</param>
    /// <param name="lookaside">Where simple signatures are; null to say nothing of it.</param>
    /// <exception cref="SysctrException">Usage, Policy, Conflict: it can't hold; nothing was written.</exception>
    public void Set(TrustScope scope, TrustRequest request, string? lookaside)
    {
        using PolicyFile file = PolicyFile.Open(host.User, host.Root, Environment.GetEnvironmentVariable);
        file.Set(scope, request.ToJson());
        foreach (
            PolicyRequirement requirement in file.Check()
                .All.Where(r => r.Transport == scope.Transport && r.Scope == scope.Scope)
                .SelectMany(r => r.Requirements)
        )
        {
            CheckKeys(requirement);
        }

        // First where signatures are: a policy that asks for some and finds none refuses all.
        SignaturePlaceFile places = new(SignaturePlaces, scope);
        if (
            places.Write(
                Storage(),
                lookaside,
                attachments: request.Type == "sigstoreSigned" && scope.Transport is null or "docker"
            ) is
            { } written
        )
        {
            note($"{scope}: {written} says where its signatures are");
        }

        file.Write();
        note($"{scope}: {request.Type}, says {file.Path}");
    }

    /// <summary>Takes a scope's rule away.</summary>
    /// <exception cref="SysctrException">Usage: it is the default, which has to be there; NotFound: it has
    /// none.</exception>
    public void Delete(TrustScope scope)
    {
        if (scope.Transport is null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                "deleting the rule of default: a policy has to have one",
                "set it: sysctr trust set --type accept|reject default"
            );
        }

        using PolicyFile file = PolicyFile.Open(host.User, host.Root, Environment.GetEnvironmentVariable);
        if (!file.Remove(scope))
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"deleting the rule of {scope}: {file.Path} has none",
                "'sysctr trust show' lists them"
            );
        }

        file.Write();
        note($"{scope}: no rule of its own any more in {file.Path}");

        // An earlier call may have written where root had no directory of its own yet.
        foreach (string directory in host.User is null ? (string[])[OwnPlaces, HostPlaces] : [OwnPlaces])
        {
            if (new SignaturePlaceFile(directory, scope).Remove() is { } removed)
            {
                note($"{scope}: removed {removed}");
            }
        }
    }

    /// <summary>Says which rule decides about an image, and, unless offline, whether it would be pulled.</summary>
    /// <param name="typed">As install takes it.</param>
    /// <param name="offline">Whether the registry is left alone.</param>
    /// <exception cref="SysctrException">As a pull but for what the policy refuses, which is told.</exception>
    public async Task<TrustVerdict> TestAsync(string typed, bool offline, CancellationToken cancellation)
    {
        ImageReference[] candidates = [.. host.Registries.Resolve(typed)];
        SignaturePolicy policy = host.SignaturePolicy;
        StatementPolicy statements = StatementPolicy.Load(host.Root);
        SignatureStorage storage = SignatureStorage.Of(host.User, host.Root);
        TrustVerdict Verdict(ImageReference reference) =>
            new(reference.ToString())
            {
                Rules =
                [
                    .. policy
                        .RulesFor(reference)
                        .Select(r => new TrustRule(
                            r.Name,
                            r.IsBuiltIn ? "no policy.json" : r.File,
                            [.. r.Requirements.Select(Words)]
                        )),
                    .. statements
                        .For(reference)
                        .Select(r => new TrustRule(r.Scope.Length == 0 ? "all registries" : r.Scope, r.File, r.Words)),
                ],
                Lookaside =
                    reference.Transport == ImageTransport.Docker && policy.AsksForSignatures(reference)
                        ? string.Join(
                            " and ",
                            storage.All.Select(s => s.Lookaside(reference).Url).Distinct(StringComparer.Ordinal)
                        )
                        : null,
                Attachments =
                    reference.Transport == ImageTransport.Docker && policy.AsksForSignatures(reference)
                        ? storage.All.Any(s => s.UsesAttachments(reference))
                        : null,
            };

        ImagePuller puller = host.Puller(NoProgress.Instance);
        try
        {
            if (!offline)
            {
                (ImageReference found, Digest manifest) = await puller.JudgeAsync(
                    candidates,
                    Platform.Current,
                    cancellation
                );
                return Verdict(found) with { Accepted = true, ManifestDigest = manifest.ToString() };
            }

            // By the rules alone: what has to be signed is not known.
            bool proof = puller.MustBeProved(candidates[0]);
            return Verdict(candidates[0]) with { Accepted = proof ? null : true };
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            return Verdict(candidates[0]) with { Accepted = false, Reason = e.Message, Hint = e.Hint };
        }
    }

    private static string Words(PolicyRequirement requirement) =>
        requirement switch
        {
            SignedBy signed => $"signedBy {signed.Keys.Shown} for {signed.Identity.Type}",
            SigstoreSigned { Keys: { } keys } sigstore => $"sigstoreSigned {keys.Shown} for {sigstore.Identity.Type}",
            SigstoreSigned { Fulcio: { } fulcio } sigstore =>
                $"sigstoreSigned {fulcio.SubjectEmail} of {fulcio.OidcIssuer} for {sigstore.Identity.Type}",
            SigstoreSigned { Pki: { } pki } sigstore =>
                $"sigstoreSigned {pki.SubjectEmail ?? pki.SubjectHostname} by {pki.Roots.Shown} for {sigstore.Identity.Type}",
            AcceptAnything => "accept",
            _ => requirement.Type,
        };

    /// <summary>What could never be met is refused before it is written.</summary>
    private static void CheckKeys(PolicyRequirement requirement)
    {
        switch (requirement)
        {
            case SignedBy signed when OpenPgpKeyring.Read(signed.Keys.Read()).IsEmpty:
                throw new SysctrException(
                    ErrorKind.Policy,
                    $"reading {signed.Keys.Shown}: there is no public key of OpenPGP in it",
                    "'gpg --export KEY' writes one; keys of cosign are for --type sigstoreSigned"
                );
            case SigstoreSigned sigstore:
                SigstoreTrust.Of(sigstore);
                break;
            default:
                break;
        }
    }
}
