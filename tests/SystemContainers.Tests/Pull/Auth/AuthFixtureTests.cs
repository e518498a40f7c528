// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Pull.Auth;
using Xunit;

namespace SystemContainers.Tests.Pull.Auth;

/// <summary>What each file of containers/image's pkg/docker/config/testdata is there to show, by files of our own:
/// KEY=USER, each user's password being its name backwards.</summary>
public sealed class AuthFixtureTests : IDisposable
{
    private const string Full =
        "a.example=a index.docker.io=index docker.io=hub localhost=local localhost:5000=port 192.0.2.1=ip 192.0.2.1:5000=ipport https://old.example/v1=old";
    private const string Abnormal =
        "a.example=a https://index.docker.io/v1=index https://127.0.0.1:5000=ip http://localhost=local https://localhost:5001=port1 localhost:5000=port0";
    private const string Paths =
        "a.example/repo=repo a.example=host docker.io/vendor=vendor docker.io=hub docker.io/library/busybox=busybox docker.io/library=library";

    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-auth-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("a.example=a", "a.example", "a")]
    [InlineData("a.example=a", "b.a.example", null)]
    [InlineData("", "localhost:5000", null)]
    [InlineData(Full, "docker.io", "hub")]
    [InlineData(Full, "old.example", "old")]
    [InlineData(Full, "localhost", "local")]
    [InlineData(Full, "localhost:5000", "port")]
    [InlineData(Full, "localhost:5001", null)]
    [InlineData(Full, "192.0.2.1:5000", "ipport")]
    [InlineData(Full, "192.0.2.1", "ip")]
    [InlineData(Abnormal, "docker.io", "index")]
    [InlineData(Abnormal, "localhost", "local")]
    [InlineData(Abnormal, "localhost:5000", "port0")]
    [InlineData(Abnormal, "localhost:5001", "port1")]
    [InlineData(Abnormal, "127.0.0.1:5000", "ip")]
    [InlineData(Paths, "a.example/repo/image", "repo")]
    [InlineData(Paths, "a.example/repo", "repo")]
    [InlineData(Paths, "a.example/repository", "host")]
    [InlineData(Paths, "a.example/image", "host")]
    [InlineData(Paths, "docker.io/library/busybox", "busybox")]
    [InlineData(Paths, "docker.io/library/other", "library")]
    [InlineData(Paths, "docker.io/vendor/product", "vendor")]
    [InlineData(Paths, "docker.io/vendor", "vendor")]
    [InlineData(Paths, "docker.io/other/product", "hub")]
    [InlineData("quay.io/v1=team", "quay.io/v1/app", "team")]
    [InlineData("quay.io/v1=team", "quay.io/other/app", null)]
    public async Task An_auth_file_gives_the_nearest_entry(string entries, string key, string? user)
    {
        foreach (string name in new[] { "auth.json", "config.json" })
        {
            Credential? found = await Store(Write(name, "{\"auths\":" + Entries(entries) + "}"))
                .FindAsync(key, TestContext.Current.CancellationToken);

            Assert.Equal(user, found?.User);
            Assert.Equal(user is null ? null : Password(user), found?.Password);
        }
    }

    [Theory]
    [InlineData("http://index.docker.io/v1=hub https://localhost/v1=local", "docker.io/library/x", "hub")]
    [InlineData("http://index.docker.io/v1=hub https://localhost/v1=local", "localhost/team/x", "local")]
    [InlineData("quay.io/v1/=whole", "quay.io/team/x", "whole")]
    [InlineData("quay.io/team=team", "quay.io/other", "team")]
    public async Task The_oldest_file_knows_hosts_alone(string entries, string key, string user)
    {
        string old = Write(".dockercfg", Entries(entries));

        Assert.Equal(user, (await Store(old).FindAsync(key, TestContext.Current.CancellationToken))?.User);
        Assert.Equal(
            "newer",
            (
                await Store(Write("config.json", "{\"auths\":" + Entries($"{key.Split('/')[0]}=newer") + "}"), old)
                    .FindAsync(key, TestContext.Current.CancellationToken)
            )?.User
        );
    }

    [Fact]
    public async Task An_identity_token_counts_before_the_user_that_stands_beside_it()
    {
        string file = Write(
            "auth.json",
            "{\"auths\":{\"a.example\":{\"auth\":\"MDAwMDo=\",\"identitytoken\":\"a very long one\"}}}"
        );

        Credential? found = await Store(file).FindAsync("a.example/x", TestContext.Current.CancellationToken);

        Assert.Equal("a very long one", found?.IdentityToken);
        Assert.Null(found?.Password);
    }

    /// <summary>At boot there is neither a home nor a session: root's home is what passwd(5) says.</summary>
    [Fact]
    public void At_boot_the_files_of_root_are_the_same()
    {
        string[] files = [.. CredentialPaths.OfUser(_ => null, 0)];
        string home = files[3][..^"/.dockercfg".Length];

        Assert.Equal(
            [
                "/run/containers/0/auth.json",
                $"{home}/.config/containers/auth.json",
                $"{home}/.docker/config.json",
                $"{home}/.dockercfg",
            ],
            files
        );
        Assert.StartsWith("/", home, StringComparison.Ordinal);
        Assert.Equal(files[1], CredentialPaths.Written(_ => null));
        Assert.Equal("/a.json", CredentialPaths.Written(name => name == "REGISTRY_AUTH_FILE" ? "/a.json" : null));
    }

    private static CredentialStore Store(params string[] files) => new(files);

    private static string Password(string user) => new([.. user.Reverse()]);

    private static string Entries(string entries) =>
        "{"
        + string.Join(
            ',',
            entries
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(e =>
                {
                    string[] parts = e.Split('=');
                    return $"\"{parts[0]}\":{{\"auth\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{parts[1]}:{Password(parts[1])}"))}\"}}";
                })
        )
        + "}";

    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }
}
