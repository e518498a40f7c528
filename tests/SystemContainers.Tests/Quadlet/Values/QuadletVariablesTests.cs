// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Values;
using Xunit;

namespace SystemContainers.Tests.Quadlet.Values;

/// <summary>Variables of files are those that systemd would give podman: the manager's, [Service]'s over them, those of
/// its files over these.</summary>
public sealed class QuadletVariablesTests : IDisposable
{
    private static readonly QuadletHost s_host = new()
    {
        Manager = () =>
            new Dictionary<string, string>
            {
                ["M"] = "manager",
                ["A"] = "manager",
                ["TWO"] = "one 'and two'",
            },
    };

    private readonly QuadletFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Exec=${M}-${A}", "[Service]\nEnvironment=A=own", "manager-own")]
    [InlineData("Exec=${A}", "[Service]\nEnvironmentFile=DIR/a.env\nEnvironment=A=own", "file a")]
    [InlineData("Exec=${A}", "[Service]\nEnvironmentFile=-DIR/none.env\nEnvironmentFile=DIR/*.env", "file b")]
    [InlineData("Exec=${A}", "[Service]\nEnvironmentFile=DIR/a.env\nEnvironmentFile=\nEnvironment=A=own", "own")]
    [InlineData("Exec=x${A}", "[Service]\nEnvironment=A=own\nUnsetEnvironment=A", "x")]
    [InlineData("Exec=x${M}", "[Service]\nUnsetEnvironment=M=other", "xmanager")]
    [InlineData("Exec=${A}", "[Service]\nEnvironment=A=%N", "web")]
    [InlineData("Exec=$TWO ${TWO}", "", "one|and two|one 'and two'")]
    [InlineData("Exec=a $NOTSET x${NOTSET}y", "", "a|xy")]
    public void Where_a_value_is_from(string keys, string service, string words)
    {
        _folder.Write("a.env", "A='file a'\n");
        _folder.Write("b.env", "A='file b'\n");

        Assert.Equal(
            words,
            string.Join(
                '|',
                Read($"{keys}\n{service.Replace("DIR", _folder.Path, StringComparison.Ordinal)}", s_host)
                    .Containers[0]
                    .Request.Settings.All("command")
            )
        );
    }

    [Fact]
    public void What_nobody_sets_is_empty_and_told()
    {
        QuadletSet set = Read("Environment=A=${NOTSET}-", new QuadletHost());

        Assert.Empty(set.Faults.All);
        Assert.Equal(["A=-"], set.Containers[0].Request.Settings.All("env"));
        Assert.Contains("no variable NOTSET is set", Assert.Single(set.Faults.Notes).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_systemd_would_not_start_the_unit_without() =>
        Assert.Contains(
            "the host has no /no/such.env",
            Assert.Single(Read("[Service]\nEnvironmentFile=/no/such.env", s_host).Faults.All).Text,
            StringComparison.Ordinal
        );

    [Fact]
    public void One_word_of_an_option_does_not_become_two() =>
        Assert.Contains(
            "$TWO is 2 words; ${TWO} is one",
            Assert.Single(Read("PublishPort=$TWO", s_host).Faults.All).Text,
            StringComparison.Ordinal
        );

    /// <summary>Where the host is not looked at, nobody knows what it says, and a value of it is neither right nor
    /// wrong.</summary>
    [Theory]
    [InlineData("PublishPort=${PORT}:${PORT}")]
    [InlineData("Volume=${DIR}:/data")]
    [InlineData("PodmanArgs=--memory ${MEMORY} --memory=${MEMORY} $MORE")]
    [InlineData("Memory=${MEMORY}")]
    [InlineData("Notify=${NOTIFY}")]
    [InlineData("Volume=v.volume:/data")]
    public void What_the_host_alone_knows_is_no_fault(string keys)
    {
        _folder.Write("v.volume", "[Volume]\nVolumeName=${NAME}");
        QuadletSet set = Read(
            keys + "\n[Service]\nEnvironmentFile=/no/such.env",
            new QuadletHost { LooksAtHost = false }
        );

        Assert.Empty(set.Faults.All);
        Assert.True(
            keys.Contains(".volume", StringComparison.Ordinal)
                || set.Faults.Notes.Any(n => n.Text.Contains("known on the host alone", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Neither_is_an_image()
    {
        _folder.Write("web.container", "[Container]\nImage=quay.io/x:${TAG}\n");

        Assert.Empty(_folder.Read(new QuadletHost { LooksAtHost = false }).Faults.All);
    }

    private QuadletSet Read(string keys, QuadletHost host)
    {
        _folder.Write("web.container", "[Container]\nImage=img\n" + keys + "\n");
        return _folder.Read(host);
    }
}
