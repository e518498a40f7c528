// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Bundle;

public sealed class AppArmorProfilesTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("unconfined")]
    public void What_is_not_to_be_confined_starts_on_every_host(string? profile) =>
        AppArmorProfiles.Require("web", profile);

    [Fact]
    public void A_profile_that_no_host_has_keeps_a_container_from_starting()
    {
        Assert.SkipWhen(
            AppArmorProfiles.AreThere && AppArmorProfiles.Has("sysctr-no-such-profile"),
            "only root is told which profiles are loaded"
        );
        SysctrException refused = Assert.Throws<SysctrException>(() =>
            AppArmorProfiles.Require("web", "sysctr-no-such-profile")
        );

        Assert.Equal(ErrorKind.Host, refused.Kind);
        Assert.StartsWith(
            "starting web: it is to be confined by the AppArmor profile sysctr-no-such-profile, and ",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(false, false, "the host has no AppArmor")]
    [InlineData(true, false, "no profile of that name is loaded")]
    [InlineData(true, true, null)]
    public void It_says_what_lacks(bool isOn, bool isLoaded, string? said)
    {
        string? message = AppArmorProfiles.Fault("x", "p", isOn, isLoaded)?.Message;

        Assert.Equal(said is null, message is null);
        Assert.EndsWith(said ?? "", message ?? "", StringComparison.Ordinal);
    }
}
