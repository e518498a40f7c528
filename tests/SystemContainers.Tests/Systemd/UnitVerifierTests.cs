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
        List<UnitComplaint> told = [];
        await UnitVerifier.VerifyAsync([("a.service", Good)], user: null, _ => times++, told.Add, None);
        Assert.Equal(1, times);
        await UnitVerifier.VerifyAsync(
            [("a.service.d/10-b.conf", "[Service]\n")],
            user: null,
            _ => times++,
            told.Add,
            None
        );
        Assert.Equal(2, times);
        Assert.Empty(told);
    }

    [Fact]
    public async Task WhatFailsMeanwhileIsThrownOnceSystemdsComplaintsAreTold()
    {
        List<UnitComplaint> told = [];
        IOException failed = await Assert.ThrowsAsync<IOException>(() =>
            UnitVerifier.VerifyAsync(
                [("a.service", Good + "Frobnicate=yes\n")],
                user: null,
                _ => throw new IOException("full"),
                told.Add,
                None
            )
        );
        Assert.Equal("full", failed.Message);
        Assert.Contains("Frobnicate", Assert.Single(told).Whole, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheVerdictComesBeforeWhatFailedMeanwhile()
    {
        bool isDone = false;
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            UnitVerifier.VerifyAsync(
                [("a.service", Refused)],
                user: null,
                _ =>
                {
                    isDone = true;
                    throw new IOException("full");
                },
                static _ => { },
                None
            )
        );
        Assert.True(isDone);
        Assert.Equal(ErrorKind.Template, refused.Kind);
    }

    [Fact]
    public async Task TheVerdictEndsWhatIsDoneMeanwhile()
    {
        bool isStopped = false;
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            UnitVerifier.VerifyAsync(
                [("a.service", Refused)],
                user: null,
                stop =>
                {
                    // The time is for a failure alone.
                    isStopped = stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(1));
                    stop.ThrowIfCancellationRequested();
                },
                static _ => { },
                None
            )
        );
        Assert.True(isStopped);
        Assert.Equal(ErrorKind.Template, refused.Kind);
    }
}
