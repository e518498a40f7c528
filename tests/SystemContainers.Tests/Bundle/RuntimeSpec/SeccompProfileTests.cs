// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Bundle.RuntimeSpec;

/// <summary>The built-in seccomp profile beside the one that Debian 12 packages (golang-github-containers-common), and
/// which of a host's profiles counts.</summary>
public sealed class SeccompProfileTests : IDisposable
{
    private const string Packaged = "/usr/share/containers/seccomp.json";

    private static readonly SeccompProfile s_theirs = SeccompFilter.Parse(
        new SeccompFile(Packaged, File.ReadAllBytes(Packaged))
    );

    private readonly string _root = Directory.CreateTempSubdirectory("seccomp-root-").FullName;

    /// <summary>Every processor that either profile or .NET knows a name of, and one that nobody knows.</summary>
    public static TheoryData<string> Processors =>
        [
            "amd64",
            "386",
            "x86",
            "x32",
            "arm64",
            "arm",
            "ppc64le",
            "s390x",
            "s390",
            "riscv64",
            "loong64",
            "mips64",
            "mips64le",
            "vax",
        ];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [Trait("needs", "programs")]
    [MemberData(nameof(Processors))]
    public void Every_verdict_is_the_packaged_profile_s(string processor)
    {
        string[] calls = [.. Calls(s_theirs).Union(Calls(DefaultSeccompProfile.Value)).Append("a_call_of_the_future")];
        string[] decisive =
        [
            .. Capabilities(s_theirs).Union(Capabilities(DefaultSeccompProfile.Value)).Order(StringComparer.Ordinal),
        ];
        Assert.True(
            calls.Length > 400 && decisive.Length is > 5 and < 16,
            $"{calls.Length} calls, {decisive.Length} capabilities"
        );

        // Every set of the capabilities that any rule asks for; the others can make no difference.
        for (int set = 0; set < 1 << decisive.Length; set++)
        {
            string[] held = [.. decisive.Where((_, i) => (set >> i & 1) == 1)];
            HostFacts host = RenderRequests.Host with { Architecture = processor };
            SeccompConfig ours = SeccompFilter.For(host, held)!;
            SeccompConfig theirs = SeccompFilter.For(
                host with
                {
                    SeccompProfile = new SeccompFile(Packaged, s_packagedText),
                },
                held
            )!;
            string where = $"{processor} with {string.Join(' ', held)}";

            Assert.Equal((theirs.DefaultAction, theirs.DefaultErrnoRet), (ours.DefaultAction, ours.DefaultErrnoRet));
            Assert.Equal(theirs.Architectures, ours.Architectures);
            ILookup<string, string> ourRules = Rules(ours);
            ILookup<string, string> theirRules = Rules(theirs);
            foreach (string call in calls)
            {
                // In their order: of two rules for the same call a runtime may take the first.
                string our = string.Join("; ", ourRules[call].Distinct());
                string their = string.Join("; ", theirRules[call].Distinct());
                Assert.True(our == their, $"{call} on {where}: ours '{our}', theirs '{their}'");
            }
        }
    }

    [Fact]
    public void Capabilities_that_no_rule_names_change_nothing()
    {
        string[] decisive = [.. Capabilities(DefaultSeccompProfile.Value)];
        foreach (string capability in RenderRequests.Host.Capabilities.Except(decisive))
        {
            Assert.Equal(
                Rules(SeccompFilter.For(RenderRequests.Host, [])!),
                Rules(SeccompFilter.For(RenderRequests.Host, [capability])!)
            );
        }
    }

    [Fact]
    public void The_administrator_s_profile_is_before_the_package_s_and_both_are_before_ours()
    {
        Assert.Null(SeccompFile.Find(_root));
        Write("usr/share/containers/seccomp.json", "package");
        Assert.Equal("/usr/share/containers/seccomp.json", SeccompFile.Find(_root)!.Path);
        Write("etc/containers/seccomp.json", "admin");
        Assert.Equal(
            ("/etc/containers/seccomp.json", "admin"),
            (SeccompFile.Find(_root)!.Path, System.Text.Encoding.UTF8.GetString(SeccompFile.Find(_root)!.Text))
        );
    }

    [Fact]
    public void A_link_to_a_profile_is_followed_below_the_root()
    {
        Write("srv/filter.json", "linked");
        Directory.CreateDirectory(Path.Combine(_root, "etc/containers"));
        File.CreateSymbolicLink(Path.Combine(_root, "etc/containers/seccomp.json"), "/srv/filter.json");

        Assert.Equal("linked"u8, SeccompFile.Find(_root)!.Text);
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("directory")]
    [InlineData("huge")]
    public void What_is_there_and_can_t_be_read_is_an_error_and_not_another_filter(string what)
    {
        string path = Path.Combine(_root, "etc/containers/seccomp.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        switch (what)
        {
            case "fifo":
                System.Diagnostics.Process.Start("mkfifo", [path]).WaitForExit();
                break;
            case "directory":
                Directory.CreateDirectory(path);
                break;
            default:
                using (FileStream file = File.Create(path))
                {
                    file.SetLength(1L << 33);
                }

                break;
        }

        Assert.Equal(ErrorKind.Storage, Assert.Throws<SysctrException>(() => SeccompFile.Find(_root)).Kind);
    }

    private static readonly byte[] s_packagedText = File.ReadAllBytes(Packaged);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), text);
    }

    private static IEnumerable<string> Calls(SeccompProfile profile) =>
        profile.Syscalls!.SelectMany(r => r.Name is null ? r.Names! : [r.Name]).Distinct();

    private static IEnumerable<string> Capabilities(SeccompProfile profile) =>
        profile.Syscalls!.SelectMany(r => (r.Includes?.Caps ?? []).Concat(r.Excludes?.Caps ?? [])).Distinct();

    /// <summary>Of each call what is done with it, and on which arguments.</summary>
    private static ILookup<string, string> Rules(SeccompConfig filter) =>
        (
            from rule in filter.Syscalls
            let verdict = $"{rule.Action} {rule.ErrnoRet} {(rule.Args is null ? "" : JsonSerializer.Serialize(rule.Args))}"
            from name in rule.Names
            select (name, verdict)
        ).ToLookup(r => r.name, r => r.verdict);
}
