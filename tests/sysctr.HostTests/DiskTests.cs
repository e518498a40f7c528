// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// A store on a small file system of its own, and a host whose disks fill up and fail: whatever is refused leaves the
/// host as it was, the store clean, and succeeds when there is room again. Some of the places where room may end:
/// <see cref="Faults.OfflineFailureTests"/> tries the steps.
/// </summary>
[Collection(SmallDiskHost.Name)]
public sealed class DiskTests(NspawnFixture fixture)
{
    private const string Store = "/var/lib/sysctr";
    private const string Image = "oci:/srv/tiny:1";
    private const string Settings = "/etc/sysctr/sysctr.toml";

    /// <summary>
    /// An image of a few hundred files and two megabytes that nothing compresses, with a unit and files for the host.
    /// Its payload is never started.
    /// </summary>
    private const string MakeImage = """
        test ! -e /srv/tiny || exit 0
        python3 - <<'END'
        import gzip, hashlib, io, json, os, random, tarfile
        random.seed(1)
        def blob(data):
            digest = hashlib.sha256(data).hexdigest()
            open(f"/srv/tiny/blobs/sha256/{digest}", "wb").write(data)
            return {"digest": f"sha256:{digest}", "size": len(data)}
        os.makedirs("/srv/tiny/blobs/sha256")
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as tar:
            def add(name, size):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime, entry.mode = size, 1, 0o644
                tar.addfile(entry, io.BytesIO(random.randbytes(size)))
            add("usr/bin/payload", 1 << 20)
            for i in range(200):
                add(f"usr/share/d{i % 20}/f{i}", 5000)
            add("exports/hostfs/opt/tiny/data", 30000)
        layer = blob(gzip.compress(plain.getvalue()))
        config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/usr/bin/payload"]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain.getvalue()).hexdigest()]}}).encode())
        kind = "application/vnd.oci.image."
        manifest = blob(json.dumps({"schemaVersion": 2, "config": {"mediaType": kind + "config.v1+json", **config},
            "layers": [{"mediaType": kind + "layer.v1.tar+gzip", **layer}]}).encode())
        json.dump({"schemaVersion": 2, "manifests": [{"mediaType": kind + "manifest.v1+json", **manifest,
            "annotations": {"org.opencontainers.image.ref.name": "1"}}]}, open("/srv/tiny/index.json", "w"))
        open("/srv/tiny/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
        END
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("blocks of 1 MB", "0 500 1500 2500 4000", false)]
    [InlineData("blocks of 8 kB", "0 16 32 56 96 160 400", true)]
    public async Task A_disk_that_fills_up_on_the_way(string what, string kilobytes, bool pulled)
    {
        await using Disk disk = await Disk.MountAsync(_host, "-N 2048");
        if (pulled)
        {
            (await _host.SysctrAsync("pull", Image)).MustSucceed();
        }

        int refused = 0;
        foreach (string free in kilobytes.Split(' '))
        {
            await disk.LeaveAsync($"{free}");
            refused += await TryAsync(["install", "--name", "tiny", Image], disk, $"{what}, {free} kB free") ? 0 : 1;
        }

        await AssertUsableAsync(refused, atLeast: 3);
    }

    [Theory]
    [InlineData("composefs", "0 2 4 6 8 10 12 16 70")]
    [InlineData("hardlinks", "0 8 20 28 34 38 44 70")]
    public async Task Inodes_that_run_out_on_the_way(string form, string inodes)
    {
        await using Disk disk = await Disk.MountAsync(_host, "-N 2048");
        (await _host.SysctrAsync("pull", Image)).MustSucceed();
        int refused = 0;
        foreach (string free in inodes.Split(' '))
        {
            await disk.FillAsync(
                $"mkdir {Store}/fill; cd {Store}/fill; n=$(( $(df --output=iavail . | tail -n 1) - {free} )); test $n -le 0 || seq $n | xargs touch"
            );
            refused += await TryAsync(
                ["install", "--checkout", form, "--name", "tiny", Image],
                disk,
                $"{free} inodes free"
            )
                ? 0
                : 1;
        }

        await AssertUsableAsync(refused, atLeast: 3);
    }

    [Fact]
    public async Task An_update_on_a_disk_that_is_nearly_full()
    {
        await using Disk disk = await Disk.MountAsync(_host, "-N 2048");
        (await _host.SysctrAsync("install", "--name", "tiny", Image)).MustSucceed();
        int refused = 0;
        foreach (int free in (int[])[0, 32, 96, 128, 160, 300])
        {
            await disk.LeaveAsync($"{free}");
            HostState before = await HostState.TakeAsync(_host);
            CommandResult update = await _host.SysctrAsync("update", "--runtime", "crun", "tiny");
            await disk.EmptyAsync();
            if (update.ExitCode == 0)
            {
                (await _host.SysctrAsync("rollback", "tiny", "0")).MustSucceed();
                await _host.ShellAsync($"rm -r $(ls -d {Store}/deployments/tiny/[1-9]*)");
                continue;
            }

            refused++;
            Assert.True(update.ExitCode == 14, $"{free} kB free: {update.All}");
            Assert.Equal(before, await HostState.TakeAsync(_host));
            Assert.Equal("0\n", await _host.ShellAsync($"readlink {Store}/deployments/tiny/current"));
            await _host.SysctrAsync("recover");
            await CleanAsync($"{free} kB free");
        }

        Assert.InRange(refused, 3, int.MaxValue);
        (await _host.SysctrAsync("uninstall", "--purge", "tiny")).MustSucceed();
    }

    [Theory]
    [InlineData("size", "0 4k 12k 20k 28k 64k")]
    [InlineData("nr_inodes", "0 1 2 3 4")]
    public async Task A_directory_of_units_that_is_full(string limit, string values)
    {
        const string units = "/etc/systemd/system";
        await using Disk disk = await Disk.MountAsync(_host, "-N 2048");
        (await _host.SysctrAsync("pull", Image)).MustSucceed();
        int refused = 0;
        foreach (string value in values.Split(' '))
        {
            await _host.ShellAsync(
                $"""
                rm -rf /tmp/units
                cp -a {units} /tmp/units
                mount -t tmpfs -o mode=755 tmpfs {units}
                cp -a /tmp/units/. {units}
                used=$(df --output={(limit == "size" ? "used -k" : "iused")} {units} | tail -n 1)
                n={value.TrimEnd('k')}
                mount -o remount,{limit}=$((used + n)){(limit == "size" ? "k" : "")} {units}
                test $(df --output={(limit == "size" ? "avail -k" : "iavail")} {units} | tail -n 1) -eq $n
                """
            );
            try
            {
                refused += await TryAsync(
                    ["install", "--name", "tiny", Image],
                    disk,
                    $"{limit} {value} of {units} free"
                )
                    ? 0
                    : 1;
            }
            finally
            {
                await _host.ShellAsync($"umount {units}; systemctl daemon-reload");
            }
        }

        await AssertUsableAsync(refused, atLeast: 2);
    }

    [Theory]
    [InlineData("ENOSPC", "")]
    [InlineData("EIO", "+")]
    [InlineData("EDQUOT", "")]
    public async Task A_call_that_fails(string error, string further)
    {
        await using Disk disk = await Disk.MountAsync(_host, "-N 2048");
        (await _host.SysctrAsync("pull", Image)).MustSucceed();
        int refused = 0;
        foreach (
            (string call, int[] numbers) in ((string, int[])[])
                [
                    ("fsync", [1, 6]),
                    ("rename", [1, 4]),
                    ("pwrite64", [2]),
                    ("linkat", [1]),
                    ("symlink", [1]),
                    ("mkdir", [2]),
                ]
        )
        {
            foreach (int number in numbers)
            {
                refused += await TryAsync(
                    ["install", "--name", "tiny", Image],
                    disk,
                    $"{error} of {call} {number}{further}",
                    [
                        "strace",
                        "-f",
                        "-o",
                        "/dev/null",
                        "-e",
                        $"trace={call}",
                        "-e",
                        $"inject={call}:error={error}:when={number}{further}",
                    ]
                )
                    ? 0
                    : 1;
            }
        }

        await AssertUsableAsync(refused, atLeast: 5);
    }

    [Fact]
    public async Task A_disk_that_was_remounted_read_only()
    {
        await using Disk disk = await Disk.MountAsync(_host, "-N 2048");
        (await _host.SysctrAsync("install", "--name", "tiny", Image)).MustSucceed();
        await _host.ShellAsync($"mount -o remount,ro {Store}");
        HostState before = await HostState.TakeAsync(_host);

        foreach (
            string[] call in (string[][])
                [
                    ["pull", "probe"],
                    ["update", "--runtime", "crun", "tiny"],
                    ["uninstall", "tiny"],
                ]
        )
        {
            CommandResult refused = await _host.SysctrAsync(call);
            Assert.True(refused.ExitCode == 14, refused.All);
            Assert.Equal(before, await HostState.TakeAsync(_host));
        }

        (await _host.SysctrAsync("list")).MustSucceed();
        await CleanAsync("read-only");
        await _host.ShellAsync($"mount -o remount,rw {Store}");
        (await _host.SysctrAsync("uninstall", "--purge", "tiny")).MustSucceed();
    }

    [Fact]
    public async Task What_would_leave_too_little_is_refused_before_it_begins()
    {
        await using Disk disk = await Disk.MountAsync(_host, "-N 2048");
        await _host.ShellAsync($"echo 'min-free-space = \"90%\"' > {Settings}");
        try
        {
            CommandResult refused = await _host.SysctrAsync("pull", "probe");

            Assert.Equal(14, refused.ExitCode);
            Assert.Contains("min-free-space", refused.Error, StringComparison.Ordinal);
            Assert.Contains("72.4 MB", refused.Error, StringComparison.Ordinal);
            Assert.Contains("images prune", refused.Error, StringComparison.Ordinal);
            Assert.Equal("0\n", await _host.ShellAsync($"find {Store}/staging {Store}/objects -type f | wc -l"));

            await _host.ShellAsync($"echo 'min-free-space = \"lots\"' > {Settings}");
            Assert.Equal(2, (await _host.SysctrAsync("pull", Image)).ExitCode);
            await _host.ShellAsync($"echo 'min-free-space = \"1M\"' > {Settings}");
            (await _host.SysctrAsync("pull", Image)).MustSucceed();
        }
        finally
        {
            await _host.ShellAsync($"rm {Settings}");
        }
    }

    /// <summary>Calls sysctr on a disk that the caller has prepared, empties that, and looks that all or nothing
    /// happened.</summary>
    /// <returns>Whether it succeeded; then it is undone.</returns>
    private async Task<bool> TryAsync(string[] call, Disk disk, string what, string[]? before = null)
    {
        HostState state = await HostState.TakeAsync(_host);
        CommandResult result = await _host.RunAsync([.. before ?? [], "sysctr", .. call]);
        if (result.ExitCode == 0)
        {
            await disk.EmptyAsync();
            (await _host.SysctrAsync("uninstall", "--purge", "tiny")).MustSucceed();
            return true;
        }

        Assert.True(result.ExitCode == 14, $"{what}: exit code {result.ExitCode}\n{result.All}");
        if (before is null)
        {
            // While the disk is still full.
            HostState now = await HostState.TakeAsync(_host);
            Assert.True(state == now, $"{what}: the host is not as before\n{result.All}\n{now.Containers}");
        }

        await disk.EmptyAsync();
        await _host.SysctrAsync("recover");
        if (before is not null)
        {
            // What the failing disk kept from being rolled back is rolled back now.
            HostState now = await HostState.TakeAsync(_host);
            Assert.True(state == now, $"{what}: the host is not as before\n{result.All}\n{now.Containers}");
        }

        await CleanAsync(what);
        return false;
    }

    /// <summary>So many were refused that the test means something, and the disk is as good as before.</summary>
    private async Task AssertUsableAsync(int refused, int atLeast)
    {
        Assert.InRange(refused, atLeast, int.MaxValue);
        (await _host.SysctrAsync("install", "--name", "tiny", Image)).MustSucceed();
        (await _host.SysctrAsync("uninstall", "--purge", "tiny")).MustSucceed();
    }

    private async Task CleanAsync(string what)
    {
        CommandResult fsck = await _host.SysctrAsync("fsck");
        Assert.True(fsck.ExitCode == 0, $"{what}: {fsck.All}");
    }

    /// <summary>A small ext4 in a file, mounted as the store.</summary>
    private sealed class Disk(NspawnHost host) : IAsyncDisposable
    {
        private const int Megabytes = 24;

        public static async Task<Disk> MountAsync(NspawnHost host, string options)
        {
            await host.ShellAsync(MakeImage);
            await host.ShellAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""
                    mkdir -p {Store} /etc/sysctr
                    echo 'min-free-space = "0"' > {Settings}
                    rm -f /srv/disk; truncate --size={Megabytes}M /srv/disk
                    mkfs.ext4 -q -m 0 {options} /srv/disk
                    test -e /dev/loop-control || mknod /dev/loop-control c 10 237
                    for i in $(seq 0 63); do test -e /dev/loop$i || mknod /dev/loop$i b 7 $i; done
                    mount -o loop /srv/disk {Store}
                    """
                )
            );
            return new Disk(host);
        }

        /// <summary>Empties the disk and fills it anew with a script that makes <c>fill</c> in it.</summary>
        public async Task FillAsync(string script)
        {
            await EmptyAsync();
            await host.ShellAsync(script);
        }

        /// <summary>Fills it anew up to so many kilobytes.</summary>
        public Task LeaveAsync(string kilobytes) =>
            FillAsync(
                $"k=$(( $(df --output=avail -k {Store} | tail -n 1) - {kilobytes} )); test $k -le 0 || head -c ${{k}}k /dev/zero > {Store}/fill || true; sync -f {Store}"
            );

        public async Task EmptyAsync() => await host.ShellAsync($"rm -rf {Store}/fill; sync -f {Store}");

        public async ValueTask DisposeAsync() =>
            await host.ShellAsync(
                $"sysctr -q uninstall --purge tiny 2>/dev/null || true; umount {Store}; rm -f /srv/disk {Settings}"
            );
    }
}
