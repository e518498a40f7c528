// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Runtime.Holes;
using Xunit;

namespace SystemContainers.Tests.Runtime.Holes;

public sealed class RuntimeVersionTests
{
    [Theory]
    [InlineData("1.1.5+ds1", "1.1.5")]
    [InlineData("1.1.5+ds1-1+deb12u1", "1.1.5")]
    [InlineData("1:1.0.0~rc93+ds1-5+deb11u5", "1.0.0-rc.93")]
    [InlineData("1.0.0-rc93+dev", "1.0.0-rc.93")]
    [InlineData("1.4.0-rc.3", "1.4.0-rc.3")]
    [InlineData("1.1.12-0ubuntu2~22.04.1", "1.1.12")]
    [InlineData("1.28", "1.28.0")]
    [InlineData("v1.3.6\n", "1.3.6")]
    [InlineData("1.14.3.0.0.1-3cb6", "1.14.3")]
    public void What_a_distribution_adds_does_not_count(string text, string version) =>
        Assert.Equal(version, RuntimeVersion.Parse(text)?.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("UNKNOWN")]
    [InlineData("unknown-1.2")]
    [InlineData("1")]
    [InlineData("99999999999.1")]
    public void What_is_no_version_is_none(string text) => Assert.Null(RuntimeVersion.Parse(text));

    [Theory]
    [InlineData("CVE-2025-31133", "1.1.5", false)]
    [InlineData("CVE-2025-31133", "1.2.7", false)]
    [InlineData("CVE-2025-31133", "1.2.8", true)]
    [InlineData("CVE-2025-31133", "1.2.10", true)]
    [InlineData("CVE-2025-31133", "1.3.2", false)]
    [InlineData("CVE-2025-31133", "1.3.3", true)]
    [InlineData("CVE-2025-52881", "1.4.0-rc.2", false)]
    [InlineData("CVE-2025-52565", "1.4.0-rc.3", true)]
    [InlineData("CVE-2025-52565", "1.4.0", true)]
    [InlineData("CVE-2025-52565", "2.0.0-rc.1", true)]
    [InlineData("CVE-2026-41579", "1.2.9", false)]
    [InlineData("CVE-2026-41579", "1.3.5", false)]
    [InlineData("CVE-2026-41579", "1.3.6", true)]
    [InlineData("CVE-2026-41579", "1.4.2", false)]
    [InlineData("CVE-2026-41579", "1.5.0-rc.2", false)]
    [InlineData("CVE-2026-41579", "1.5.0", true)]
    [InlineData("CVE-2026-41579", "1.6.0-rc.1", true)]
    [InlineData("CVE-2024-21626", "1.1.11", false)]
    [InlineData("CVE-2024-21626", "1.1.12", true)]
    [InlineData("CVE-2024-21626", "1.2.0-rc.1", true)]
    [InlineData("CVE-2024-45310", "1.2.0-rc.2", false)]
    [InlineData("CVE-2024-45310", "1.1.14", true)]
    [InlineData("CVE-2019-5736", "1.0.0-rc6", false)]
    [InlineData("CVE-2019-5736", "1.0.0-rc93", true)]
    [InlineData("CVE-2026-47766", "1.8.1", false)]
    [InlineData("CVE-2026-47766", "1.27.1", false)]
    [InlineData("CVE-2026-47766", "1.28", true)]
    public void A_fix_is_in_its_series_and_in_all_that_came_after_the_last_of_them(
        string hole,
        string version,
        bool isFixed
    ) => Assert.Equal(isFixed, KnownHole.All.Single(h => h.Id == hole).IsFixedIn(RuntimeVersion.Parse(version)!));

    [Fact]
    public void Every_hole_has_an_id_of_its_own_and_releases_in_order()
    {
        Assert.Equal(KnownHole.All.Count, KnownHole.All.Select(h => h.Id).Distinct().Count());
        Assert.All(
            KnownHole.All,
            h =>
            {
                RuntimeVersion[] fixes = [.. h.FixedIn.Select(v => RuntimeVersion.Parse(v)!)];
                Assert.All(
                    fixes.Skip(1).Zip(fixes),
                    pair => Assert.True(pair.First.IsAtLeast(pair.Second) && !pair.First.IsOfSeries(pair.Second), h.Id)
                );
            }
        );
    }
}
