// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.OpenPgp;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Trust;
using SystemContainers.Pull.Trust.Names;
using SystemContainers.Pull.Trust.Requirements;
using SystemContainers.Pull.Trust.Signatures;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Signatures;

/// <summary>
/// Judges an image by the policy, once its manifest is there and before anything that the manifest names is fetched. As
/// containers/image does it: of an index, the manifest of the platform is what has to be signed, for the name that was
/// asked for; the index itself need not be.
/// </summary>
/// <param name="policy">What has to hold.</param>
/// <param name="now">For keys and signatures that end.</param>
sealed class ImageJudge(SignaturePolicy policy, TimeProvider? now = null)
{
    private readonly TimeProvider _now = now ?? TimeProvider.System;

    /// <summary>Throws unless the image may be used.</summary>
    /// <param name="reference">The logical name.</param>
    /// <param name="manifest">The bytes of the manifest that would be used.</param>
    /// <returns>Who signed, for each requirement of a signature.</returns>
    /// <exception cref="SysctrException">Policy: it may not; says which rule of which file, and why no signature
    /// counts. Unreachable: the signatures can't be fetched.</exception>
    public async Task<IReadOnlyList<ImageProof>> JudgeAsync(
        ImageReference reference,
        byte[] manifest,
        ISignatureSource source,
        CancellationToken cancellationToken
    )
    {
        policy.Check(reference);
        Digest digest = Digest.Sha256(manifest);
        IReadOnlyList<ImageSignature>? signatures = null;
        List<ImageProof> proofs = [];
        foreach (PolicyRule rule in policy.RulesFor(reference))
        {
            foreach (PolicyRequirement requirement in rule.Requirements.Where(r => r is not AcceptAnything))
            {
                signatures ??= await source.GetAsync(digest, cancellationToken);
                string signer = requirement switch
                {
                    SignedBy signedBy => SignedBy(
                        reference,
                        digest,
                        signatures,
                        source,
                        rule,
                        signedBy,
                        cancellationToken
                    ),
                    SigstoreSigned sigstore => SigstoreSigned(reference, digest, signatures, source, rule, sigstore),
                    _ => throw new InvalidOperationException($"a {requirement.Type} passed the policy's own check"),
                };
                proofs.Add(new ImageProof(requirement.Type, rule.Name, rule.File, signer));
            }
        }

        return proofs;
    }

    private string SignedBy(
        ImageReference reference,
        Digest manifest,
        IReadOnlyList<ImageSignature> all,
        ISignatureSource source,
        PolicyRule rule,
        SignedBy requirement,
        CancellationToken cancellationToken
    )
    {
        if (requirement.KeyType != Trust.Requirements.SignedBy.GpgKeys)
        {
            throw SignaturePolicy.Refused(
                reference,
                $"it must be signed by keys of the type {requirement.KeyType}, which nobody can check",
                rule,
                "only GPGKeys exist: correct the policy"
            );
        }

        SimpleSignature[] signatures = [.. all.OfType<SimpleSignature>()];
        if (signatures.Length == 0)
        {
            throw SignaturePolicy.Refused(
                reference,
                $"it has no signature{(all.Count > 0 ? " of OpenPGP" : "")}, and must be signed (signedBy)",
                rule,
                $"signatures of {manifest} were looked for in {source.Where}; ask who publishes the image where they are, and write that into /etc/containers/registries.d; see containers-registries.d(5)"
            );
        }

        OpenPgpKeyring keys = OpenPgpKeyring.Read(requirement.Keys.Read());
        if (keys.IsEmpty)
        {
            throw SignaturePolicy.Refused(
                reference,
                $"it must be signed (signedBy), and there is no key in {Redact.Text(requirement.Keys.Shown)}",
                rule,
                "put the public key of who signs there, as 'gpg --export' writes it"
            );
        }

        DockerName? image = Name(reference);
        List<string> faults = [];
        foreach (SimpleSignature signature in signatures)
        {
            (string? signer, string? fault) = Judge(signature, keys, manifest, image, requirement, cancellationToken);
            if (fault is null)
            {
                return $"OpenPGP key {signer} ({Redact.Text(requirement.Keys.Shown)})";
            }

            faults.Add($"{signature.Where}: {fault}");
        }

        throw SignaturePolicy.Refused(
            reference,
            $"no signature of it counts (signedBy): {string.Join("; ", faults)}",
            rule,
            $"it has to be signed by a key of {Redact.Text(requirement.Keys.Shown)}, for {requirement.Identity.Wanted(image)} ({requirement.Identity.Type}); see containers-policy.json(5)"
        );
    }

    private string SigstoreSigned(
        ImageReference reference,
        Digest manifest,
        IReadOnlyList<ImageSignature> all,
        ISignatureSource source,
        PolicyRule rule,
        SigstoreSigned requirement
    )
    {
        SigstoreSignature[] signatures =
        [
            .. all.OfType<SigstoreSignature>().Where(s => s.MediaType == SigstoreAttachment.MediaType),
        ];
        if (signatures.Length == 0)
        {
            throw SignaturePolicy.Refused(
                reference,
                $"it has no signature{(all.Count > 0 ? " of sigstore" : "")}, and must be signed (sigstoreSigned)",
                rule,
                $"signatures of {manifest} were looked for in {source.Where}; write use-sigstore-attachments: true for it into /etc/containers/registries.d where the registry has them; see containers-registries.d(5)"
            );
        }

        SigstoreKeys keys;
        try
        {
            keys = SigstoreTrust.Of(requirement);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            throw SignaturePolicy.Refused(
                reference,
                $"it must be signed (sigstoreSigned), and a key that the policy names can't be used: {e.Message}",
                rule,
                e.Hint ?? "keys and certificates are PEM; see containers-policy.json(5)"
            );
        }

        DockerName? image = Name(reference);
        List<string> faults = [];
        foreach (SigstoreSignature signature in signatures)
        {
            SigstoreVerdict verdict = SigstoreVerifier.Verify(
                new SigstoreAttachment(signature.Payload, signature.Annotations),
                keys,
                _now.GetUtcNow()
            );
            if (
                (
                    verdict.Signed is { } signed
                        ? Fault(signed, manifest, image, requirement.Identity)
                        : verdict.Reason ?? "it does not count"
                )
                is not { } fault
            )
            {
                return verdict.Signer!;
            }

            faults.Add($"{signature.Where}: {fault}");
        }

        throw SignaturePolicy.Refused(
            reference,
            $"no signature of it counts (sigstoreSigned): {string.Join("; ", faults)}",
            rule,
            $"it has to be signed as the policy says, for {requirement.Identity.Wanted(image)} ({requirement.Identity.Type}); cosign signs for a name without a tag, for which there are matchRepository and exactRepository; see containers-policy.json(5)"
        );
    }

    private (string? Signer, string? Fault) Judge(
        SimpleSignature signature,
        OpenPgpKeyring keys,
        Digest manifest,
        DockerName? image,
        SignedBy requirement,
        CancellationToken cancellationToken
    )
    {
        OpenPgpVerdict verdict = SignedMessage.Check(
            signature.Message,
            keys,
            SimpleSigning.MaxBytes,
            _now.GetUtcNow().UtcDateTime,
            cancellationToken
        );
        if (verdict.Content is null)
        {
            return (null, verdict.Fault);
        }

        try
        {
            return (
                verdict.Signer,
                Fault(SimpleSigning.Read(verdict.Content, SimpleSigning.Atomic), manifest, image, requirement.Identity)
            );
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            return (null, e.Message);
        }
    }

    private static string? Fault(SimpleSigning signed, Digest manifest, DockerName? image, SignedIdentity identity) =>
        signed.ManifestDigest != manifest ? $"it is for the manifest {signed.ManifestDigest}, and this is {manifest}"
        : !identity.Matches(image, signed.DockerReference) ? $"it is for '{Redact.Text(signed.DockerReference)}'"
        : null;

    /// <summary>What a signature's name is compared with; a digest stands before a tag, as for podman.</summary>
    private static DockerName? Name(ImageReference reference) =>
        reference.Transport switch
        {
            ImageTransport.Docker => new DockerName(
                reference.Name,
                reference.Digest is null ? reference.Tag : null,
                reference.Digest?.ToString()
            ),
            ImageTransport.DockerDaemon when reference.ImageId is null => new DockerName(
                reference.Name,
                reference.Tag,
                null
            ),
            _ => null,
        };
}
