// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Settings;

/// <summary>Options as a record of an older version has them, which took what this one refuses.</summary>
public sealed class RecordedSettingsTests
{
    /// <summary>Addresses as inet_aton(3) takes them, which earlier versions did, are what they were.</summary>
    [Theory]
    [InlineData("ip", "10.88.0.012", "10.88.0.10")]
    [InlineData("ip", "10.88.0.12", "10.88.0.12")]
    [InlineData("ip6", "FD00::1", "FD00::1")]
    [InlineData("dns", "10.1", "10.0.0.1")]
    [InlineData("add-host", "a;b:10.1", "a;b:10.0.0.1")]
    [InlineData("add-host", "a:host-gateway", "a:host-gateway")]
    [InlineData("publish", "010.0.0.1:80:80/tcp", "8.0.0.1:80:80/tcp")]
    [InlineData("publish", "80:80", "80:80")]
    [InlineData("network", "n:ip=10.1,alias=x", "n:ip=10.0.0.1,alias=x")]
    [InlineData("network", "bridge", "bridge")]
    public void Addresses_are_read_as_they_were_meant(string option, string recorded, string meant)
    {
        ContainerSettings settings = Of((option, recorded)).Settings;

        Assert.Equal([meant], settings.All(option));
        settings.Check();
        _ = settings.Spec;

        // What a call says is read as it is.
        if (recorded != meant)
        {
            ContainerSettings said = OfflineSystem.Settings((option, recorded));
            Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(said.Check).Kind);
        }
    }

    [Theory]
    [InlineData("ip", "nonsense")]
    [InlineData("cap-add", "FOO")]
    [InlineData("publish", "80:80:80:80")]
    [InlineData("memory", "much")]
    public void What_is_taken_no_more_names_the_record_and_what_mends_it(string option, string value)
    {
        ContainerSettings settings = Of((option, value)).Settings.With(OfflineSystem.Settings(("env", "A=1")), []);
        foreach (Action read in (Action[])[() => _ = settings.Spec, settings.Check])
        {
            if (option == "cap-add" && read != settings.Check)
            {
                // A name is not looked up before it is checked.
                continue;
            }

            SysctrException why = Assert.Throws<SysctrException>(read);

            Assert.Equal(ErrorKind.Corrupt, why.Kind);
            Assert.StartsWith(
                $"reading the record of web: it has --{option}={value}, ",
                why.Message,
                StringComparison.Ordinal
            );
            Assert.StartsWith(
                $"'sysctr update web --reset {option}' forgets it; --{option}=",
                why.Hint,
                StringComparison.Ordinal
            );
        }

        settings.With(ContainerSettings.None, [option]).Check();
        settings.With(OfflineSystem.Settings(("ip", "10.0.0.1")), [option]).Check();
    }

    [Fact]
    public void Of_two_that_do_not_go_together_it_says_that_one_was_recorded()
    {
        SysctrException why = Assert.Throws<SysctrException>(() =>
            Of(("publish", "80:80"), ("publish", "80:81")).Settings.CheckTogether()
        );

        Assert.Equal(ErrorKind.Usage, why.Kind);
        Assert.Contains("'sysctr update web --reset publish'", why.Hint, StringComparison.Ordinal);
    }

    /// <summary>Whoever asks all containers for their networks gets an answer of each.</summary>
    [Theory]
    [InlineData("n:ip=nonsense", "n")]
    [InlineData("bridge:colour=red", NetworkDefinition.Default)]
    [InlineData("host:x", null)]
    [InlineData("slirp4netns", null)]
    [InlineData("ns:relative", null)]
    [InlineData(null, NetworkDefinition.Default)]
    public void Its_networks_are_known_whatever_is_wrong_with_the_rest(string? network, string? name)
    {
        (string, string)[] options =
        [
            ("ip", "nonsense"),
            ("cap-add", "FOO"),
            .. network is null ? [] : ((string, string)[])[("network", network)],
        ];

        Assert.Equal(name is null ? [] : [name], NetworkRequest.Names(Of(options).Settings, isUsers: false));
    }

    /// <summary>No list is empty in what sysctr writes.</summary>
    [Fact]
    public void An_option_without_values_is_not_set()
    {
        ContainerRecord record = SampleRecord.Of("web") with
        {
            Options = new Dictionary<string, IReadOnlyList<string>> { ["ip"] = [], ["memory"] = [] },
        };

        Assert.True(record.IsUsable);
        Assert.Null(record.Settings.Spec.Memory);
    }

    private static ContainerRecord Of(params (string Option, string Value)[] options) =>
        SampleRecord.Of("web") with
        {
            Options = OfflineSystem.Settings(options).Values,
        };
}
