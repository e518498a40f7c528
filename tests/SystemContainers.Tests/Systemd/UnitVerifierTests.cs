// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Systemd;
using Xunit;

namespace SystemContainers.Tests.Systemd;

[Trait("needs", "programs")]
public sealed class UnitVerifierTests
{
    private const string Good = "[Service]\nExecStart=/bin/true\n";

    // systemd refuses a service without a command.
    private const string Refused = "[Service]\nType=simple\n";

    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatIsDoneMeanwhileIsDoneOnce()
    {
        int times = 0;
        Assert.Empty(await UnitVerifier.VerifyAsync([("a.service", Good)], user: null, () => times++, None));
        Assert.Equal(1, times);
        await UnitVerifier.VerifyAsync([("a.service.d/10-b.conf", "[Service]\n")], user: null, () => times++, None);
        Assert.Equal(2, times);
    }

    [Fact]
    public async Task WhatFailsMeanwhileIsThrown()
    {
        IOException failed = await Assert.ThrowsAsync<IOException>(
            () => UnitVerifier.VerifyAsync([("a.service", Good)], user: null, () => throw new IOException("full"), None));
        Assert.Equal("full", failed.Message);
    }

    [Fact]
    public async Task TheVerdictComesBeforeWhatFailedMeanwhile()
    {
        bool isDone = false;
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() => UnitVerifier.VerifyAsync(
            [("a.service", Refused)],
            user: null,
            () =>
            {
                isDone = true;
                throw new IOException("full");
            },
            None));
        Assert.True(isDone);
        Assert.Equal(ErrorKind.Template, refused.Kind);
    }
}
