// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Rights.Assessment;

/// <summary>Decides whether an image may have the rights that it has: at an install all of them, at an update those
/// that it gained.</summary>
sealed class RightsGate(Host host)
{
    private readonly RightsPolicy _policy = SysctrConfiguration.Load(host.Paths).Rights;

    /// <summary>Throws unless a new container may have its rights.</summary>
    /// <param name="container">Its record, with rights and grants.</param>
    /// <exception cref="SysctrException">Policy: names each right that is missing a grant, and what to type. Nothing
    /// was changed.</exception>
    public void CheckInstall(ContainerRecord container)
    {
        RightsVerdict verdict = JudgeInstall(container);
        if (!verdict.IsFree)
        {
            throw Refusal($"installing '{container.Name}'", container.Image, verdict);
        }
    }

    /// <summary>Whether an update may have the rights that it gains.</summary>
    /// <param name="before">The deployment in use.</param>
    /// <param name="after">The one to come, with rights and grants.</param>
    public RightsVerdict JudgeUpdate(ContainerRecord before, ContainerRecord after) => Judge(Question(before, after));

    /// <summary>The rights that an update gains.</summary>
    public IReadOnlyList<Right> Gained(ContainerRecord before, ContainerRecord after) => Question(before, after).Rights;

    /// <summary>The record with what is granted from now on; "all" means what would be missing a grant without
    /// it.</summary>
    /// <param name="before">The deployment in use; null for a new container.</param>
    /// <param name="after">The one to come, with rights.</param>
    /// <param name="asked">Classes, as they were typed.</param>
    public ContainerRecord WithGrants(ContainerRecord? before, ContainerRecord after, IReadOnlyList<string> asked)
    {
        ContainerRecord named = after with
        {
            Grants = Union(before?.Grants ?? [], asked.Where(g => g != RightsRule.All)),
        };
        return !asked.Contains(RightsRule.All, StringComparer.Ordinal)
            ? named
            : named with
            {
                Grants = Union(
                    named.Grants,
                    (before is null ? JudgeInstall(named) : JudgeUpdate(before, named)).Missing.Select(r => r.Class)
                ),
            };
    }

    /// <summary>What an update that may not have its rights leaves in the record of the deployment in use.</summary>
    public static HeldUpdate HeldBy(ContainerRecord before, ContainerRecord after, RightsVerdict verdict)
    {
        Right[] rights = [.. verdict.Forbidden, .. verdict.Missing];
        bool known = before.Held is { } held && held.Digest == after.ManifestDigest && held.Image == after.Image;
        return new HeldUpdate(
            after.Image,
            after.ManifestDigest,
            known ? before.Held!.Since : after.InstalledAt,
            rights
        );
    }

    /// <summary>Whether an update that was held would be so again, as far as its record tells: the image is not asked
    /// for.</summary>
    public bool IsStillHeld(ContainerRecord container, HeldUpdate held) =>
        !Judge(
            new RightsQuestion(held.Rights ?? [], container.Grants, _policy.For(held.Image)) { GainedByImage = true }
        ).IsFree;

    /// <summary>The error for a verdict that is not free.</summary>
    public static SysctrException Refusal(string doing, string image, RightsVerdict verdict) =>
        verdict.Forbidden.Count > 0
            ? new(
                ErrorKind.Policy,
                $"{doing}: {SysctrConfiguration.Path} forbids {image} what it would have: {RightsText.Joined(verdict.Forbidden)}",
                "nobody can grant it while [[rights]] has it in 'forbid'; see sysctr.toml(5)"
            )
            : new(
                ErrorKind.Policy,
                $"{doing}: {image} {(verdict.IsGain ? "gained rights that nobody granted" : "has rights that nobody granted")}: {RightsText.Joined(verdict.Missing)}",
                $"if it may have them, say so with {RightsText.Options(verdict.Missing.Select(r => r.Class))}"
            );

    /// <summary>The question that an update is: what of the new deployment's rights the old one did not have.</summary>
    private RightsQuestion Question(ContainerRecord before, ContainerRecord after)
    {
        ContainerRights rights = new(host);
        IReadOnlyList<Right> had = rights.OfDeployment(before);
        IReadOnlyList<Right> has = after.Rights ?? [];
        Right[] gained = [.. has.Where(r => !had.Any(h => h.Covers(r)))];
        if (!rights.HasContainer(before))
        {
            // From files alone to a container: what every container has is nothing to ask for.
            gained = [.. gained.Where(r => r.LevelOf() != RightLevel.Usual)];
        }

        RightsRule? rule = _policy.For(after.Image);
        bool otherSource = !RightsPolicy.IsSameSource(before.Image, after.Image);
        return new RightsQuestion(gained, after.Grants, rule)
        {
            // The same image with other values, or an image from elsewhere: whoever set them, or named it, asked for
            // what comes of it as in an install, and only what is dangerous has to be said.
            GainedByImage = before.ManifestDigest != after.ManifestDigest && !otherSource,
            // A table of somebody else's images was not asked about what this container had.
            Kept = otherSource && rule is not null ? [.. has.Except(gained)] : [],
        };
    }

    private RightsVerdict JudgeInstall(ContainerRecord container) =>
        Judge(new RightsQuestion(container.Rights ?? [], container.Grants, _policy.For(container.Image)));

    private static IReadOnlyList<string> Union(IEnumerable<string> one, IEnumerable<string> other) =>
        [.. one.Union(other, StringComparer.Ordinal)];

    /// <summary>The rule itself; pure.</summary>
    public static RightsVerdict Judge(RightsQuestion question)
    {
        RightsRule? rule = question.Rule;
        Right[] all = [.. question.Rights, .. question.Kept];
        Right[] forbidden = [.. all.Where(r => rule?.Forbids(r) == true)];
        Right[] missing =
        [
            .. all.Where(r =>
                rule?.Forbids(r) != true && !question.Grants.Contains(r.Class, StringComparer.Ordinal) && !IsFree(r)
            ),
        ];
        return new RightsVerdict(RightClasses.Sorted(forbidden), RightClasses.Sorted(missing), question.GainedByImage);

        bool IsFree(Right right)
        {
            bool gained = question.GainedByImage && question.Rights.Contains(right);
            return rule?.Allows(right) switch
            {
                true => true,
                // A table need not name what every container has.
                false => right.LevelOf() == RightLevel.Usual && !gained,
                null => right.LevelOf() != RightLevel.Dangerous && !gained,
            };
        }
    }
}

/// <summary>What is asked of <see cref="RightsGate.Judge"/>.</summary>
/// <param name="Rights">Of a new container all, of an update those that it gains.</param>
/// <param name="Grants">Classes that somebody granted this container.</param>
/// <param name="Rule">The table of sysctr.toml for the image; null for none.</param>
sealed record RightsQuestion(IReadOnlyList<Right> Rights, IReadOnlyList<string> Grants, RightsRule? Rule)
{
    /// <summary>Whether it is another image that brought them, while nobody looked: then only a grant or a table's own
    /// word lets them through.</summary>
    public bool GainedByImage { get; init; }

    /// <summary>Rights that it had before, to be judged as those of a new container.</summary>
    public IReadOnlyList<Right> Kept { get; init; } = [];
}

/// <summary>The answer of <see cref="RightsGate.Judge"/>.</summary>
/// <param name="Forbidden">Nobody can grant them.</param>
/// <param name="Missing">A grant of their class lets them through.</param>
/// <param name="IsGain">Whether they were gained by an update.</param>
sealed record RightsVerdict(IReadOnlyList<Right> Forbidden, IReadOnlyList<Right> Missing, bool IsGain)
{
    /// <summary>Whether nothing stands against it.</summary>
    public bool IsFree => Forbidden.Count + Missing.Count == 0;
}
