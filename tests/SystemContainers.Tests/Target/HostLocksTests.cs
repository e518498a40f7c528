// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Networks;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Target;

/// <summary>Whoever takes locks against their order is told, whether another process holds them or not; and what a
/// lease keeps away.</summary>
public sealed class HostLocksTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-locks-").FullName;
    private readonly Host _host;

    public HostLocksTests()
    {
        Directory.CreateDirectory(_root + "/var/lib");
        _host = Open();
    }

    [Fact]
    public void The_order_is_roll_out_containers_mounts_store_networks_state_directories_history()
    {
        using IDisposable rollout = _host.Locks.LockRollout(default);
        using ContainerLocks containers = _host.Locks.LockContainers(["b", "a"], default);
        using IDisposable mounts = _host.Locks.LockMounts(default);
        using StoreLease lease = containers.LeaseStore(default);
        using IDisposable networks = _host.Locks.LockNetworks();
        using IDisposable claims = _host.Locks.LockStateDirectories();
        using IDisposable history = _host.Locks.LockHistory();

        Assert.Equal(["b", "a"], containers.Names);
    }

    public static TheoryData<int, int> Backwards =>
        [
            .. from first in Enumerable.Range(0, s_waits.Length)
            from second in Enumerable.Range(0, first + 1)
            select (first, second),
        ];

    [Theory]
    [MemberData(nameof(Backwards))]
    public void What_stands_before_what_is_held_is_not_waited_for(int held, int asked)
    {
        using (s_waits[held](_host.Locks))
        {
            InvalidOperationException fault = Assert.Throws<InvalidOperationException>(() =>
                s_waits[asked](_host.Locks)
            );
            Assert.Contains("comes after it", fault.Message, StringComparison.Ordinal);
        }

        s_waits[asked](_host.Locks).Dispose();
    }

    /// <summary>The lock that starts take is in the order as well, and not asked for against it.</summary>
    [Fact]
    public void On_the_running_host_networks_are_locked_as_its_starts_lock_them()
    {
        int taken = 0;
        HostLocks locks = new(() => throw new NotSupportedException("the store's"), _ => { }, Take);

        using (locks.LockNetworks())
        {
            Assert.Throws<InvalidOperationException>(() => locks.LockNetworks());
        }

        Assert.Equal(1, taken);

        IDisposable Take()
        {
            taken++;
            return new MemoryStream();
        }
    }

    /// <summary>Whoever changes networks by name takes the lock in its place.</summary>
    [Fact]
    public void Declared_networks_are_made_in_the_order_of_locks()
    {
        DeclaredNetworks networks = new(_host, _ => { });
        using (_host.Locks.LockHistory())
        {
            Assert.Throws<InvalidOperationException>(() => networks.Make([]));
            Assert.Throws<InvalidOperationException>(() => networks.Prune([], _ => true));
        }

        using StoreLease lease = _host.Locks.LeaseStore(default);
        networks.Make([]);
        Assert.False(networks.Prune([], _ => true));
    }

    [Fact]
    public void To_try_is_allowed_in_any_order()
    {
        using StoreLease lease = _host.Locks.LeaseStore(default);
        using ContainerLocks? containers = _host.Locks.TryLockContainers(["a"]);
        using IDisposable? mounts = _host.Locks.TryLockMounts();

        Assert.NotNull(containers);
        Assert.NotNull(mounts);
        Assert.Null(_host.Locks.TryLockStore());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Over_the_network_a_lease_is_let_go_of_and_then_held_again(bool succeeds)
    {
        using Host other = Open();
        using StoreLease lease = _host.Locks.LeaseStore(default);
        Assert.Null(other.Locks.TryLockStore());

        Task<int> fetch = lease.WithoutAsync(
            async () =>
            {
                Assert.Throws<InvalidOperationException>(lease.Require);
                await LockRelease.AwaitAsync(() => Task.FromResult(TryAlone(other)));
                Assert.True(TryAlone(other));
                return succeeds ? 1 : throw new IOException("the net");
            },
            default
        );
        if (succeeds)
        {
            Assert.Equal(1, await fetch);
        }
        else
        {
            await Assert.ThrowsAsync<IOException>(() => fetch);
        }

        lease.Require();
        Assert.False(TryAlone(other));
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static readonly Func<HostLocks, IDisposable>[] s_waits =
    [
        l => l.LockRollout(default),
        l => l.LockContainers(["a"], default),
        l => l.LockMounts(default),
        l => l.LeaseStore(default),
        l => l.LockNetworks(),
        l => l.LockStateDirectories(),
        l => l.LockHistory(),
    ];

    private Host Open() => new(new HostTarget(_root), new FakeSystemd(TimeProvider.System), _ => { });

    private static bool TryAlone(Host host)
    {
        using IDisposable? alone = host.Locks.TryLockStore();
        return alone is not null;
    }
}
