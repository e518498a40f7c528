// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using Xunit;

namespace SystemContainers.Tests.Rights.Assessment;

/// <summary>What may be installed, and what an update may gain.</summary>
public sealed class RightsGateTests
{
    private static readonly Right s_usual = new("host-network", "");
    private static readonly Right s_told = new("program", "/usr/bin/x");
    private static readonly Right s_dangerous = new("cron", "/etc/cron.d/x");
    private static readonly Right[] s_all = [s_usual, s_told, s_dangerous];

    public static TheoryData<bool, string[]?, string[]?, string[], string> Questions =>
        new()
        {
            // gained, allow, forbid, grants: what is missing
            { false, null, null, [], "cron" },
            { false, null, null, ["cron"], "" },
            { false, null, null, ["sudo"], "cron" },
            { true, null, null, [], "program cron host-network" },
            { true, null, null, ["cron"], "program host-network" },
            { true, null, null, ["cron", "program", "host-network"], "" },
            { false, ["cron"], null, [], "program" },
            { false, ["default"], null, [], "cron" },
            { false, ["default", "cron"], null, [], "" },
            { false, ["all"], null, [], "" },
            { false, [], null, [], "cron program" },
            { false, [], null, ["cron", "program"], "" },
            { true, ["default"], null, [], "cron" },
            { true, ["program"], null, [], "cron host-network" },
            { true, ["all"], null, [], "" },
            { false, ["all"], ["cron"], [], "!cron" },
            { false, null, ["cron"], ["cron"], "!cron" },
            { false, null, ["program"], [], "cron !program" },
            { false, null, ["all"], ["cron"], "!cron !program !host-network" },
        };

    [Theory]
    [MemberData(nameof(Questions))]
    public void Answers(bool gained, string[]? allow, string[]? forbid, string[] grants, string missing)
    {
        RightsRule? rule =
            allow is null && forbid is null
                ? null
                : new RightsRule
                {
                    Prefix = "",
                    Allow = allow?.ToList(),
                    Forbid = forbid?.ToList(),
                };

        RightsVerdict verdict = RightsGate.Judge(new RightsQuestion(s_all, grants, rule) { GainedByImage = gained });

        Assert.Equal(
            missing.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(),
            verdict.Missing.Select(r => r.Class).Concat(verdict.Forbidden.Select(r => "!" + r.Class)).Order()
        );
        Assert.Equal(missing.Length == 0, verdict.IsFree);
    }

    [Fact]
    public void What_it_had_before_is_judged_as_new_only_for_another_source()
    {
        RightsQuestion question = new([], [], new RightsRule { Prefix = "", Allow = [] }) { GainedByImage = true };

        Assert.True(RightsGate.Judge(question).IsFree);
        Assert.Equal([s_told], RightsGate.Judge(question with { Kept = [s_usual, s_told] }).Missing);
    }

    [Fact]
    public void A_refusal_says_what_to_type()
    {
        RightsVerdict verdict = RightsGate.Judge(
            new RightsQuestion([s_dangerous, new Right("sudo", "/etc/sudoers.d/y")], [], null)
        );

        string hint = RightsGate.Refusal("installing 'x'", "docker://reg.example.com/x:1", verdict).Hint!;

        Assert.EndsWith("--grant cron --grant sudo", hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker://q.io/a:1", "docker://q.io/a:2", true)]
    [InlineData("docker://q.io/a:1", "docker://q.io/b:1", false)]
    [InlineData("docker://q.io/a:1", "docker-daemon:q.io/a:1", false)]
    [InlineData("oci:/srv/a:1", "oci:/srv/b:1", false)]
    public void The_same_source(string one, string other, bool same) =>
        Assert.Equal(same, RightsPolicy.IsSameSource(one, other));
}
