// SPDX-License-Identifier: Apache-2.0

using Xunit;

namespace SystemContainers.HostTests.Faults;

// Every step that changes state is broken once, and every system call that does, on a system below a directory, where a
// point costs a fifth of a second: what the next call makes of it is the old state or the new one, and fsck finds
// nothing. A class a kind of cut, so that they run side by side.

/// <summary>SIGKILL before a step.</summary>
public sealed class OfflineKillTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string> Operations => ["install", "update", "rollback", "uninstall", "prune"];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_kill_at_any_step_leaves_the_old_or_the_new_state(string operation)
    {
        SweepResult result = await host.SweepAsync("offline", "kill", operation);

        Assert.InRange(result.Points, 15, 1000);
        Assert.InRange(result.Old, 1, result.Points);
        Assert.InRange(result.New, 1, result.Points);
    }
}

/// <summary>SIGKILL at a system call, from outside: at every third, for time's sake; sweep.py by hand tries
/// all.</summary>
public sealed class OfflineSystemCallTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string> Operations => OfflineKillTests.Operations;

    [Theory]
    [MemberData(nameof(Operations))]
    public Task A_kill_at_any_third_system_call_leaves_the_old_or_the_new_state(string operation) =>
        host.SweepAsync("offline", "strace", operation, every: 3);
}

/// <summary>A step that fails.</summary>
public sealed class OfflineFailureTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string> Operations => OfflineKillTests.Operations;

    [Theory]
    [MemberData(nameof(Operations))]
    public Task A_full_disk_at_any_second_step_leaves_the_old_or_the_new_state(string operation) =>
        host.SweepAsync("offline", "enospc", operation, every: 2);

    [Theory]
    [MemberData(nameof(Operations))]
    public Task A_failing_disk_at_any_third_step_leaves_the_old_or_the_new_state(string operation) =>
        host.SweepAsync("offline", "eio", operation, every: 3);

    /// <summary>A failure that is none of the disk, before the commit and after it.</summary>
    [Theory]
    [InlineData("update")]
    [InlineData("rollback")]
    public Task What_is_told_is_what_holds_whatever_fails_at_any_third_step(string operation) =>
        host.SweepAsync("offline", "denied", operation, every: 3);
}

/// <summary>A signal. Unlike a kill it is ended by the call itself, which says what then holds and leaves nothing to
/// recovery.</summary>
public sealed class OfflineSignalTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string> Operations => OfflineKillTests.Operations;

    [Theory]
    [MemberData(nameof(Operations))]
    public Task An_interruption_at_any_step_ends_in_the_old_or_the_new_state_and_says_which(string operation) =>
        host.SweepAsync("offline", "int", operation);
}

/// <summary>SIGTERM is handled as SIGINT is, but for the exit status.</summary>
public sealed class OfflineTerminationTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string> Operations => OfflineKillTests.Operations;

    [Theory]
    [MemberData(nameof(Operations))]
    public Task A_termination_at_any_step_ends_in_the_old_or_the_new_state_and_says_which(string operation) =>
        host.SweepAsync("offline", "term", operation);

    /// <summary>A second signal cuts the roll-back that the first has begun: that is left to recovery, and
    /// said.</summary>
    [Theory]
    [InlineData("install", 4)]
    [InlineData("update", 4)]
    [InlineData("rollback", 1)]
    [InlineData("uninstall", 8)]
    [InlineData("pin", 1)]
    public Task A_second_signal_leaves_to_recovery_what_it_says(string operation, int every) =>
        host.SweepAsync("offline", "again", operation, every);
}

/// <summary>A container that mounts the files of another image, which is what an update changes of it.</summary>
public sealed class OfflineMountedTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string, string, int> Cuts =>
        new(
            from cut in (string[])["kill", "enospc", "int"]
            from operation in (string[])["install", "update", "rollback", "uninstall"]
            select ("mounted-" + operation, cut, cut == "kill" ? 2 : 4)
        );

    [Theory]
    [MemberData(nameof(Cuts))]
    public Task Its_trees_come_and_go_with_it(string operation, string cut, int every) =>
        host.SweepAsync("offline", cut, operation, every);
}

/// <summary>What changes images, a record or what is damaged: each way of ending it.</summary>
public sealed class OfflineSmallVerbTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string, string, int> Cuts =>
        new(
            from cut in (string[])["kill", "enospc", "int", "term"]
            from operation in (string[])["pull", "load", "tag", "delete", "pin", "repair"]
            // Of these many steps are objects and files of one kind.
            select (
                operation,
                cut,
                operation is "pull" or "load" ? 3
                : operation is "repair" ? 5
                : 1
            )
        );

    [Theory]
    [MemberData(nameof(Cuts))]
    public Task It_is_whole_or_not_at_all(string operation, string cut, int every) =>
        host.SweepAsync("offline", cut, operation, every);

    /// <summary>Over an image that is there: the old one or the new one, and the next copy does what is left.</summary>
    [Theory]
    [InlineData("copy-oci", "kill")]
    [InlineData("copy-oci", "enospc")]
    [InlineData("copy-dir", "kill")]
    [InlineData("copy-dir", "enospc")]
    public Task A_copy_is_gone_on_with(string operation, string cut) => host.SweepAsync("offline", cut, operation);
}
