// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json;
using SystemContainers.Doctor;
using SystemContainers.Doctor.Facts;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.State;
using Xunit;

namespace SystemContainers.Tests.Doctor;

/// <summary>
/// The whole page over a system below a directory: in order it has no problem, and each thing that is broken is named
/// with a remedy, while the rest stays as it was. What needs a running host is in DoctorJudgementTests and, on a booted
/// host, in sysctr.HostTests.
/// </summary>
public sealed class DoctorTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // Where its package puts them; the caller's, which are the test's own, are not there.
    private const string Tool = "/usr/bin/sysctr";
    private const string ListenHelper = "/usr/libexec/sysctr/sysctr-listen";

    private readonly string _root = Directory.CreateTempSubdirectory("doctor-").FullName;

    public DoctorTests()
    {
        Write(Tool, "", executable: true);
        Write(ListenHelper, "", executable: true);
        Write("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
        Write("/usr/bin/runc", "", executable: true);
        Write("/var/lib/dpkg/info/runc.list", "/usr/bin/runc\n");
        Write("/usr/share/doc/runc/changelog.Debian", Changelog("1.3.6-1", "  * New upstream version"));
        Write(
            "/usr/lib/systemd/system/sysctr-recover.service",
            "[Service]\nExecStart=/usr/bin/sysctr recover --boot\n"
        );
        Link("/usr/lib/systemd/system/sysinit.target.wants/sysctr-recover.service", "../sysctr-recover.service");
        Write("/usr/lib/systemd/system/sysctr-update.timer", "[Timer]\nOnCalendar=daily\n");
        Write(
            "/etc/containers/policy.json",
            """{"default": [{"type": "reject"}], "transports": {"docker": {"registry.example": [{"type": "insecureAcceptAnything"}]}}}"""
        );
        Write("/etc/containers/registries.conf", "unqualified-search-registries = [\"registry.example\"]\n");
        Write("/etc/sysctr/sysctr.toml", "keep = 3\n");
        Write(
            "/var/lib/sysctr/meta.json",
            """{"version":1,"compatible":[],"readOnlyCompatible":[],"incompatible":[]}"""
        );
        Directory.CreateDirectory(Here("/var/lib/sysctr/locks"));
        Directory.CreateDirectory(Here("/var/lib/sysctr/transactions"));
        File.SetUnixFileMode(Here("/var/lib/sysctr"), Private);
    }

    public void Dispose() => TreeRemoval.Remove(_root);

    [Fact]
    [Trait("needs", "root")]
    public async Task A_system_in_order_has_no_problem()
    {
        DoctorReport report = await ExamineAsync();

        Assert.Empty(report.Checks.Where(c => c.Level == DoctorLevel.Problem).SelectMany(c => c.Lines));
        Assert.Equal(
            [
                "sysctr",
                "systemd",
                "kernel",
                "runtime",
                "network",
                "configuration",
                "policy",
                "registries",
                "credentials",
                "seccomp",
                "store",
                "space",
                "locks",
                "leftovers",
                "recovery",
                "updates",
            ],
            report.Checks.Select(c => c.Check).Distinct()
        );
        Assert.All(
            (string[])
                [
                    "sysctr",
                    "systemd",
                    "runtime",
                    "network",
                    "configuration",
                    "policy",
                    "registries",
                    "credentials",
                    "seccomp",
                    "locks",
                    "leftovers",
                    "recovery",
                    "updates",
                ],
            name =>
                Assert.All(
                    report.Checks.Where(c => c.Check == name),
                    c => Assert.True(c.Level == DoctorLevel.Ok, string.Join('\n', c.Lines))
                )
        );
    }

    /// <summary>What is broken, of which check the finding is, how bad it is, and what it and its remedy say.</summary>
    public static TheoryData<string, string, string, string, string> Damages =>
        new()
        {
            { "no tool", "sysctr", "Problem", "which is not there", "install sysctr below" },
            { "no listen helper", "sysctr", "Problem", "sysctr-listen is not there", "make install" },
            { "open tool", "sysctr", "Problem", "can be written by others", "give it" },
            { "no systemd", "systemd", "Problem", "not installed", "install systemd" },
            { "old systemd", "systemd", "Warning", "241", "update" },
            { "no runtime", "runtime", "Problem", "not installed", "apt install runc" },
            { "foreign runtime", "runtime", "Problem", "belongs to the user 1234", "give it" },
            { "open runtime directory", "runtime", "Problem", "/usr/bin can be written", "give it" },
            { "runtime by a link", "runtime", "Problem", "/opt/odd can be written", "give it" },
            { "runtime with holes", "runtime", "Warning", "known holes", "update runc" },
            { "runtime without a changelog", "runtime", "Warning", "known holes", "a runc of" },
            { "configuration that does not parse", "configuration", "Problem", "sysctr.toml", "sysctr.toml(5)" },
            { "configuration with an unknown key", "configuration", "Problem", "'kep'", "known settings" },
            { "configuration that is a FIFO", "configuration", "Problem", "no regular file", "mended or removed" },
            { "open configuration", "configuration", "Problem", "chooses what runs as root", "give it" },
            { "no policy", "policy", "Warning", "every image is accepted", "reject" },
            { "policy that accepts all", "policy", "Warning", "accepts every image", "reject" },
            { "policy that does not parse", "policy", "Problem", "nothing can be pulled", "containers-policy.json(5)" },
            { "policy that is a FIFO", "policy", "Problem", "no regular file", "containers-policy.json(5)" },
            { "policy by a link out", "policy", "Warning", "every image is accepted", "reject" },
            {
                "registries that do not parse",
                "registries",
                "Problem",
                "registries.conf",
                "containers-registries.conf(5)"
            },
            { "drop-in that is a FIFO", "registries", "Problem", "no regular file", "containers-registries.conf(5)" },
            { "open passwords", "credentials", "Problem", "others than its owner", "chmod 0600" },
            { "passwords that do not parse", "credentials", "Problem", "no JSON", "log in again" },
            { "profile that does not parse", "seccomp", "Problem", "/etc/containers/seccomp.json", "mend or remove" },
            { "open profile", "seccomp", "Problem", "can be written by others", "give it" },
            { "open store", "store", "Problem", "open to others", "chmod 0700" },
            { "foreign store", "store", "Problem", "owner 1234", "chown 0" },
            { "store of the future", "store", "Problem", "format 7", "newer" },
            { "store without its format", "store", "Problem", "meta.json is missing", "fsck" },
            { "store that is a file", "store", "Problem", "no directory", "move it away" },
            { "lock that is a directory", "locks", "Problem", "no lock file", "remove it" },
            { "lock of another program", "locks", "Warning", "'etcd': locked by sleep", "end it" },
            { "lock of a stopped process", "locks", "Warning", "the store: locked by sleep", "kill -CONT" },
            { "intent", "leftovers", "Problem", "an install of etcd was cut off", "recover' ends" },
            { "intent that does not parse", "leftovers", "Problem", "transactions/", "move it away" },
            { "intent that is a FIFO", "leftovers", "Problem", "no regular file", "move it away" },
            { "staging", "leftovers", "Warning", "1 directory of processes that died", "recover' ends" },
            {
                "half deployment",
                "leftovers",
                "Warning",
                "'etcd' has a deployment that was being put together",
                "recover' ends"
            },
            { "no recovery unit", "recovery", "Problem", "not installed", "make install" },
            {
                "masked recovery unit",
                "recovery",
                "Problem",
                "masked (/etc/systemd/system/sysctr-recover.service)",
                "unmask"
            },
            { "empty recovery unit", "recovery", "Problem", "masked", "unmask" },
            { "disabled recovery unit", "recovery", "Problem", "not enabled", "add-wants sysinit.target" },
            {
                "recovery unit that calls nothing",
                "recovery",
                "Problem",
                "calls /opt/sysctr, which is not there",
                "install"
            },
        };

    [Theory]
    [Trait("needs", "root")]
    [MemberData(nameof(Damages))]
    public async Task What_is_broken_is_named_with_a_remedy_and_nothing_else(
        string damage,
        string check,
        string level,
        string found,
        string remedy
    )
    {
        DoctorReport before = await ExamineAsync();
        using Process? holder = Do(damage);
        Stopwatch watch = Stopwatch.StartNew();
        DoctorReport report;
        try
        {
            report = await ExamineAsync();
        }
        finally
        {
            holder?.Kill();
        }

        string page = string.Join('\n', report.Checks.SelectMany(c => c.Lines));
        Assert.True(
            report.Checks.Any(c =>
                c.Check == check
                && c.Level.ToString() == level
                && c.Found.Contains(found, StringComparison.Ordinal)
                && c.Remedy?.Contains(remedy, StringComparison.Ordinal) == true
            ),
            $"no {level} of {check} with '{found}' and '{remedy}':\n{page}"
        );
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"it took {watch.Elapsed}");

        // A directory that others can write concerns what is in it.
        string[] also =
            damage is "open runtime directory" or "no tool" ? ["sysctr", "recovery"]
            : damage == "no systemd" ? ["kernel"]
            : [];
        Assert.Equal(
            before.Checks.Where(c => c.Level == DoctorLevel.Problem).Select(c => c.Check),
            report
                .Checks.Where(c => c.Level == DoctorLevel.Problem && c.Check != check && !also.Contains(c.Check))
                .Select(c => c.Check)
        );
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task Holes_are_listed_one_by_one()
    {
        Do("runtime with holes");

        DoctorFinding runtime = (await ExamineAsync()).Checks.Single(c => c.Check == "runtime");

        Assert.Contains(
            runtime.Details,
            d =>
                d.StartsWith("CVE-2025-31133: ", StringComparison.Ordinal)
                && d.Contains("mended in 1.2.8, 1.3.3, 1.4.0-rc.3", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(runtime.Details, d => d.StartsWith("CVE-2024-21626", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task What_a_live_process_is_at_is_no_leftover()
    {
        Do("intent");
        Do("half deployment");
        using Process holder = Lock("etcd");

        DoctorReport report = await ExamineAsync();
        bool unlisted = LockCheck.IsHeld(new DoctorTarget(_root, null), "etcd", []);
        holder.Kill();
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            ["an install of etcd is under way"],
            report.Checks.Where(c => c.Check == "leftovers").Select(c => c.Found)
        );
        Assert.Equal((true, false), (unlisted, LockCheck.IsHeld(new DoctorTarget(_root, null), "etcd", [])));
    }

    [Fact]
    public async Task Looking_changes_nothing()
    {
        Do("intent");
        Do("staging");
        string[] before = Tree();

        await ExamineAsync();

        Assert.Equal(before, Tree());
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task Where_there_is_no_store_none_is_made()
    {
        TreeRemoval.Remove(Here("/var/lib/sysctr"));

        DoctorReport report = await ExamineAsync();

        Assert.Equal(0, report.Problems);
        Assert.False(Directory.Exists(Here("/var/lib/sysctr")));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task Who_is_not_root_is_told_what_was_not_looked_at()
    {
        Do("intent");

        DoctorReport report = await new DoctorOperation(new DoctorTarget(_root, null) { IsRoot = false }).RunAsync(
            TestContext.Current.CancellationToken
        );

        Assert.All(
            (string[])["store", "leftovers", "updates"],
            name =>
                Assert.Contains(
                    report.Checks,
                    c => c.Check == name && c.Level == DoctorLevel.Unknown && c.Remedy == "call it as root"
                )
        );
        Assert.Equal(0, report.Problems);
    }

    /// <summary>CONTAINERS_POLICY_JSON: for the running system, where the caller's files decide.</summary>
    [Theory]
    [InlineData(
        "{\"default\": [{\"type\": \"reject\"}]}",
        "Ok",
        "says what may be pulled, for $CONTAINERS_POLICY_JSON names it"
    )]
    [InlineData("{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}", "Warning", "accepts every image")]
    [InlineData("{", "Problem", "nothing can be pulled")]
    [InlineData(null, "Problem", "is not there, and $CONTAINERS_POLICY_JSON names it")]
    public void The_policy_that_the_caller_names_is_the_one_that_decides(string? text, string level, string found)
    {
        if (text is not null)
        {
            Write("/srv/named.json", text);
        }

        DoctorFinding finding = TrustCheck.Policy(
            new DoctorTarget("/", null)
            {
                Environment = name => name == "CONTAINERS_POLICY_JSON" ? Here("/srv/named.json") : null,
            }
        )[0];

        Assert.Equal(level, finding.Level.ToString());
        Assert.Contains(found, finding.Found, StringComparison.Ordinal);
        Assert.Contains("/srv/named.json", finding.Found, StringComparison.Ordinal);
        Assert.Contains(
            "/etc/containers/policy.json",
            TrustCheck.Policy(new DoctorTarget(_root, null) { Environment = _ => Here("/srv/named.json") })[0].Found,
            StringComparison.Ordinal
        );
    }

    /// <summary>In root's home directory too, which decides before the host's; whoever else may write it is
    /// told.</summary>
    [Fact]
    public void Root_s_own_policy_is_the_one_that_is_looked_at()
    {
        Write("/home/.config/containers/policy.json", """{"default": [{"type": "reject"}]}""");
        Write("/root/.config/containers/policy.json", """{"default": [{"type": "reject"}]}""");
        File.SetUnixFileMode(
            Here("/root/.config/containers/policy.json"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite
        );

        Assert.Contains(
            Here("/home/.config/containers/policy.json"),
            TrustCheck
                .Policy(new DoctorTarget("/", null) { Environment = name => name == "HOME" ? Here("/home") : null })[0]
                .Found,
            StringComparison.Ordinal
        );
        IReadOnlyList<DoctorFinding> below = TrustCheck.Policy(new DoctorTarget(_root, null));
        Assert.StartsWith("/root/.config/containers/policy.json says", below[0].Found, StringComparison.Ordinal);
        Assert.Contains(
            below,
            f => f.Level == DoctorLevel.Problem && f.Found.Contains("who writes it", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task What_does_not_answer_is_left_behind_and_unknown()
    {
        using ManualResetEventSlim never = new();
        Stopwatch watch = Stopwatch.StartNew();

        IReadOnlyList<DoctorFinding> findings = await new DoctorOperation(new DoctorTarget(_root, null))
        {
            Timeout = TimeSpan.FromMilliseconds(200),
        }.RunAsync(
            "policy",
            (_, _) =>
            {
                // As a read from a file server that is gone: it takes no cancellation.
                never.Wait(TimeSpan.FromSeconds(60), CancellationToken.None);
                return Task.FromResult<IReadOnlyList<DoctorFinding>>([]);
            },
            TestContext.Current.CancellationToken
        );

        never.Set();
        DoctorFinding finding = Assert.Single(findings);
        Assert.Equal(("policy", DoctorLevel.Unknown), (finding.Check, finding.Level));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData(true, "Problem")]
    [InlineData(false, "Unknown")]
    public async Task A_disk_that_fails_is_a_problem_of_its_check_alone(bool isRoot, string level)
    {
        IReadOnlyList<DoctorFinding> findings = await new DoctorOperation(
            new DoctorTarget(_root, null) { IsRoot = isRoot }
        ).RunAsync(
            "store",
            (_, _) => throw new LinuxException("statx", "/var/lib/sysctr", Errno.EIO),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(("store", level), (findings.Single().Check, findings.Single().Level.ToString()));
        Assert.Contains("/var/lib/sysctr", findings.Single().Found, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task The_words_of_its_JSON_stay()
    {
        Do("policy that accepts all");

        JsonElement json = JsonSerializer.SerializeToElement(await ExamineAsync(), DoctorJson.Default.DoctorReport);

        Assert.Equal(["checks", "problems", "warnings", "unknown"], json.EnumerateObject().Select(p => p.Name));
        JsonElement policy = json.GetProperty("checks")
            .EnumerateArray()
            .Single(c => c.GetProperty("check").GetString() == "policy");
        Assert.Equal(["check", "level", "found", "remedy", "details"], policy.EnumerateObject().Select(p => p.Name));
        Assert.Equal("warning", policy.GetProperty("level").GetString());
        Assert.True(json.GetProperty("warnings").GetInt32() > 0);
    }

    private Task<DoctorReport> ExamineAsync() =>
        new DoctorOperation(new DoctorTarget(_root, null)).RunAsync(TestContext.Current.CancellationToken);

    /// <returns>A process that has to be ended.</returns>
    private Process? Do(string damage)
    {
        switch (damage)
        {
            case "no tool":
                File.Delete(Here(Tool));
                break;
            case "no listen helper":
                File.Delete(Here(ListenHelper));
                break;
            case "open tool":
                File.SetUnixFileMode(Here(Tool), (UnixFileMode)0x1fe);
                break;
            case "no systemd":
                File.Delete(Here("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so"));
                break;
            case "old systemd":
                File.Move(
                    Here("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so"),
                    Here("/usr/lib/systemd/libsystemd-shared-241.so")
                );
                break;
            case "no runtime":
                File.Delete(Here("/usr/bin/runc"));
                break;
            case "foreign runtime":
                Give("/usr/bin/runc");
                break;
            case "open runtime directory":
                File.SetUnixFileMode(Here("/usr/bin"), (UnixFileMode)0x1ff);
                break;
            case "runtime by a link":
                File.Delete(Here("/usr/bin/runc"));
                Write("/opt/odd/runc", "", executable: true);
                Link("/opt/link", "odd");
                Link("/usr/bin/runc", "../../opt/link/runc");
                File.SetUnixFileMode(Here("/opt/odd"), (UnixFileMode)0x1ff);
                break;
            case "runtime with holes":
                Write(
                    "/usr/share/doc/runc/changelog.Debian",
                    Changelog("1.1.5+ds1-1+deb12u1", "  * CVE-2024-21626: leaked descriptors")
                );
                break;
            case "runtime without a changelog":
                File.Delete(Here("/usr/share/doc/runc/changelog.Debian"));
                break;
            case "configuration that does not parse":
                Write("/etc/sysctr/sysctr.toml", "keep = = 3\n");
                break;
            case "configuration with an unknown key":
                Write("/etc/sysctr/sysctr.toml", "kep = 3\n");
                break;
            case "configuration that is a FIFO":
                Fifo("/etc/sysctr/sysctr.toml");
                break;
            case "open configuration":
                File.SetUnixFileMode(Here("/etc/sysctr"), (UnixFileMode)0x1ff);
                break;
            case "no policy":
                File.Delete(Here("/etc/containers/policy.json"));
                break;
            case "policy that accepts all":
                Write(
                    "/etc/containers/policy.json",
                    """{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"a.example": [{"type": "insecureAcceptAnything"}]}}}"""
                );
                break;
            case "policy that does not parse":
                Write("/etc/containers/policy.json", """{"default": [{"type": "rejekt"}]}""");
                break;
            case "policy that is a FIFO":
                Fifo("/etc/containers/policy.json");
                break;
            case "policy by a link out":
                // This machine's own is not the other system's: there the link leads to nothing.
                File.Delete(Here("/etc/containers/policy.json"));
                Link("/etc/containers/policy.json", "/usr/share/containers/../../../../../../../../etc/hostname");
                break;
            case "registries that do not parse":
                Write("/etc/containers/registries.conf", "[[registry]\n");
                break;
            case "drop-in that is a FIFO":
                Fifo("/etc/containers/registries.conf.d/10-odd.conf");
                break;
            case "open passwords":
                Write("/root/.docker/config.json", "{}");
                break;
            case "passwords that do not parse":
                Write("/root/.config/containers/auth.json", "{");
                File.SetUnixFileMode(Here("/root/.config/containers/auth.json"), UnixFileMode.UserRead);
                break;
            case "profile that does not parse":
                Write("/etc/containers/seccomp.json", "{}");
                break;
            case "open profile":
                Write("/usr/share/containers/seccomp.json", """{"defaultAction": "SCMP_ACT_ALLOW"}""");
                File.SetUnixFileMode(Here("/usr/share/containers/seccomp.json"), (UnixFileMode)0x1b6);
                break;
            case "open store":
                File.SetUnixFileMode(Here("/var/lib/sysctr"), (UnixFileMode)0x1ed);
                break;
            case "foreign store":
                Give("/var/lib/sysctr");
                break;
            case "store of the future":
                Write(
                    "/var/lib/sysctr/meta.json",
                    """{"version":7,"compatible":[],"readOnlyCompatible":[],"incompatible":[]}"""
                );
                break;
            case "store without its format":
                File.Delete(Here("/var/lib/sysctr/meta.json"));
                break;
            case "store that is a file":
                TreeRemoval.Remove(Here("/var/lib/sysctr"));
                Write("/var/lib/sysctr", "");
                break;
            case "lock that is a directory":
                Directory.CreateDirectory(Here("/var/lib/sysctr/locks/etcd.lock"));
                break;
            case "lock of another program":
                return Lock("etcd");
            case "lock of a stopped process":
                Process stopped = Lock("+store");
                Process.Start("kill", ["-STOP", stopped.Id.ToString()]).WaitForExit();

                // The signal is there at once, the state when the process is scheduled next.
                SpinWait.SpinUntil(
                    () => File.ReadAllText($"/proc/{stopped.Id}/stat").Contains(") T ", StringComparison.Ordinal),
                    TimeSpan.FromSeconds(20)
                );
                return stopped;
            case "intent":
                Write(
                    "/var/lib/sysctr/transactions/0123456789abcdef0123456789abcdef.json",
                    """{"operation":"Install","changes":[{"after":{"name":"etcd","deployment":0,"installedAt":"2026-11-28T00:00:00Z","image":"docker://registry.example/etcd:1","manifestDigest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","imageId":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","diffIds":[],"runtime":"/usr/bin/runc","set":{},"values":{},"units":[],"enabled":[],"hostFiles":[],"hostDirectories":[],"stateDirectories":[],"labels":{}}}]}"""
                );
                break;
            case "intent that does not parse":
                Write("/var/lib/sysctr/transactions/0123456789abcdef0123456789abcdef.json", "{");
                break;
            case "intent that is a FIFO":
                Fifo("/var/lib/sysctr/transactions/0123456789abcdef0123456789abcdef.json");
                break;
            case "staging":
                Directory.CreateDirectory(Here("/var/lib/sysctr/staging/0123456789abcdef0123456789abcdef/objects"));
                break;
            case "half deployment":
                Directory.CreateDirectory(
                    Here($"/var/lib/sysctr/deployments/etcd/{DeploymentDirectory.StagedPrefix}0")
                );
                break;
            case "no recovery unit":
                File.Delete(Here("/usr/lib/systemd/system/sysctr-recover.service"));
                break;
            case "masked recovery unit":
                Link("/etc/systemd/system/sysctr-recover.service", "/dev/null");
                break;
            case "empty recovery unit":
                Write("/etc/systemd/system/sysctr-recover.service", "");
                break;
            case "disabled recovery unit":
                File.Delete(Here("/usr/lib/systemd/system/sysinit.target.wants/sysctr-recover.service"));
                break;
            case "recovery unit that calls nothing":
                Write(
                    "/usr/lib/systemd/system/sysctr-recover.service",
                    "[Service]\nExecStart=/opt/sysctr recover --boot\n"
                );
                break;
            default:
                throw new ArgumentException($"no such damage: {damage}", nameof(damage));
        }

        return null;
    }

    /// <summary>A process that is no sysctr takes a lock and keeps it.</summary>
    private Process Lock(string name)
    {
        string file = Write($"/var/lib/sysctr/locks/{name}.lock", "");
        Process holder = Process.Start("flock", ["--no-fork", file, "sleep", "60"]);
        Stopwatch watch = Stopwatch.StartNew();
        while (
            LockCheck.Held(new DoctorTarget(_root, null)).Count == 0
            || File.ReadAllText($"/proc/{holder.Id}/comm").Trim() != "sleep"
        )
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "nobody took the lock");
            Thread.Sleep(20);
        }

        return holder;
    }

    private static string Changelog(string version, string text) =>
        $"runc ({version}) stable; urgency=medium\n\n{text}\n\n -- A Maintainer <a@example.org>  Fri, 06 Feb 2026 21:53:05 +0000\n";

    private string Here(string path) => _root + path;

    private string Write(string path, string text, bool executable = false)
    {
        string file = Here(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, (UnixFileMode)(executable ? 0x1ed : 0x1a4));
        return file;
    }

    private void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Here(path))!);
        File.CreateSymbolicLink(Here(path), target);
    }

    private void Fifo(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Here(path))!);
        File.Delete(Here(path));
        Process.Start("mkfifo", [Here(path)]).WaitForExit();
    }

    private void Give(string path) => Process.Start("chown", ["1234", Here(path)]).WaitForExit();

    private string[] Tree() =>
        [
            .. Directory
                .EnumerateFileSystemEntries(_root, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(f => $"{f} {File.GetLastWriteTimeUtc(f).Ticks} {(int)File.GetUnixFileMode(f)}"),
        ];
}
