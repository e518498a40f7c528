// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Oci.Seals;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Requirements;

/// <summary>
/// Asks the registry for bundles about an image where a requirement needs one. A bundle about the index counts for what
/// the index names, for that is named by digest; one about the manifest counts as well.
/// </summary>
/// <param name="policy">What is required.</param>
/// <param name="time">When certificates of one's own authority have to count.</param>
sealed class StatementJudge(StatementPolicy policy, TimeProvider time) : IImageJudge
{
    private const int MaxReasons = 5;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageProof>> JudgeAsync(
        ImageReference reference,
        ImageReference place,
        IImageSource source,
        Digest root,
        ManifestDocument document,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<StatementRule> rules = policy.For(reference);
        if (rules.Count == 0)
        {
            return [];
        }

        foreach (StatementRule rule in rules.Where(r => r.SealedTree))
        {
            RequireSeal(reference, rule, document);
        }

        if (rules.All(r => r.All.Count == 0))
        {
            return [];
        }

        Digest manifest = document.Digest;
        ReferrerClient client = new(place, source);
        ReferrerReader reader = new(client);
        List<Referrer> all = [.. await reader.ReferrersAsync(manifest, cancellationToken)];
        if (root != manifest)
        {
            all.AddRange(await reader.ReferrersAsync(root, cancellationToken));
        }

        List<(Digest Subject, byte[] Bytes)> bundles = [];
        foreach (Referrer referrer in all.Where(r => r.Kind == ReferrerKind.Bundle))
        {
            bundles.Add((referrer.Subject, await client.DocumentAsync(referrer.Blob, cancellationToken)));
        }

        bool hasNotation = all.Exists(r => r.Kind == ReferrerKind.Notation);
        return
        [
            .. rules.SelectMany(rule =>
                rule.All.Select(requirement => Check(reference, rule, requirement, bundles, hasNotation))
            ),
        ];
    }

    /// <inheritdoc/>
    public string? JudgementFor(ImageReference reference) =>
        policy.For(reference) is { Count: > 0 } rules ? StatementPolicyFile.DigestOf(rules) : null;

    /// <summary>That it says what its tree's digest is; that this is so, the pull finds out when it has the
    /// layers.</summary>
    private static void RequireSeal(ImageReference reference, StatementRule rule, ManifestDocument document)
    {
        if (document.Manifest is null || SealClaim.OfTree(document.Manifest).Count == 0)
        {
            throw new SysctrException(
                ErrorKind.Policy,
                $"pulling {reference.Identity}: its manifest has to name the digest of its whole tree, as {rule.File} requires for {Name(rule)}, and does not",
                "ask whoever publishes the image for the annotation composefs.merged.erofs.v1.fsverity-sha256-12, or change the requirement; see sysctr-trust.d(5)",
                // A manifest is the same wherever it lies: another place does not help.
                new InvalidOperationException("The manifest lacks it.")
            );
        }
    }

    private ImageProof Check(
        ImageReference reference,
        StatementRule rule,
        StatementRequirement requirement,
        List<(Digest Subject, byte[] Bytes)> bundles,
        bool hasNotation
    )
    {
        BundleTrust trust;
        try
        {
            trust = requirement.Trust();
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            throw new SysctrException(
                ErrorKind.Policy,
                $"pulling {reference.Identity}: who has to have signed it can't be told from {rule.File}: {e.Message}",
                e.Hint,
                e
            );
        }

        List<string> reasons = [];
        foreach ((Digest subject, byte[] bytes) in bundles)
        {
            BundleVerdict verdict = BundleVerifier.Verify(bytes, subject, trust, time.GetUtcNow());
            if (verdict.Statement is { } statement && statement.PredicateType == requirement.PredicateType)
            {
                return new ImageProof(requirement.PredicateType, Name(rule), rule.File, verdict.Signer!);
            }

            reasons.Add(verdict.Reason ?? $"it is of type {Redact.Text(verdict.Statement!.PredicateType)}");
        }

        string why =
            reasons.Count > 0
                ? $"none of {reasons.Count} counts: {string.Join("; ", reasons.Distinct(StringComparer.Ordinal).Take(MaxReasons))}"
            : hasNotation ? "there is none, only a signature of notation, which can't be verified"
            : "there is none";
        throw new SysctrException(
            ErrorKind.Policy,
            $"pulling {reference.Identity}: a signed statement of type {requirement.PredicateType} is required by {rule.File} for {Name(rule)}, and {why}",
            "ask whoever publishes the image for one (cosign sign, cosign attest: version 3), or change the requirement; see sysctr-trust.d(5)"
        );
    }

    private static string Name(StatementRule rule) => rule.Scope.Length == 0 ? "all registries" : rule.Scope;
}
