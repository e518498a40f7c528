// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull.Auth;
using SystemContainers.Reference;
using Xunit;

namespace SystemContainers.Tests.Pull.Auth;

public sealed class CredentialStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-auth-").FullName;

    private string AuthFile => Path.Combine(_directory, "auth.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("quay.io/team/app:1", "app")]
    [InlineData("quay.io/team/other", "team")]
    [InlineData("quay.io/else/x", "host")]
    [InlineData("quay.io:443/team/app", null)]
    [InlineData("docker.io/etcd", "hub")]
    [InlineData("old.example/x/y", "old")]
    [InlineData("gcr.io/x", null)]
    public async Task The_longest_name_that_holds_the_image_gives_the_credentials(string image, string? user)
    {
        File.WriteAllText(
            AuthFile,
            Auths(
                ("quay.io", "host"),
                ("quay.io/team", "team"),
                ("quay.io/team/app", "app"),
                ("https://index.docker.io/v1/", "hub"),
                ("https://old.example/v2/", "old")
            )
        );

        Credential? found = await Find(image);

        Assert.Equal(user, found?.User);
        Assert.Equal(user is null ? null : "pass:" + user, found?.Password);
    }

    [Fact]
    public async Task A_namespaces_secret_is_not_given_to_the_rest_of_its_host()
    {
        File.WriteAllText(AuthFile, Auths(("quay.io/team", "team")));

        Assert.Null(await Find("quay.io/other/x"));
    }

    [Theory]
    [InlineData("quay.io")]
    [InlineData("https://quay.io/v2/")]
    public async Task An_entry_that_is_null_has_no_credentials(string key)
    {
        File.WriteAllText(AuthFile, $$"""{"auths": { "{{key}}": null } }""");

        Assert.Null(await Find("quay.io/team/x"));
    }

    [Fact]
    public async Task Files_are_asked_in_order_and_missing_ones_passed_over()
    {
        string second = Path.Combine(_directory, "config.json");
        File.WriteAllText(AuthFile, Auths(("quay.io", "first")));
        File.WriteAllText(second, Auths(("quay.io", "second"), ("gcr.io", "second")));
        CredentialStore store = new([Path.Combine(_directory, "none"), AuthFile, second]);

        Assert.Equal("first", (await store.FindAsync(ImageReference.Parse("quay.io/x"), default))?.User);
        Assert.Equal("second", (await store.FindAsync(ImageReference.Parse("gcr.io/x"), default))?.User);
    }

    [Theory]
    [InlineData("not json SECRET")]
    [InlineData("""{"auths":{"quay.io":{"auth":"SECRET!"}}}""")]
    [InlineData("""{"auths":{"quay.io":{"auth":"U0VDUkVU"}}}""")]
    [InlineData("""{"auths":["SECRET"]}""")]
    public async Task A_broken_file_is_an_error_that_does_not_show_it(string text)
    {
        File.WriteAllText(AuthFile, text);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => Find("quay.io/x"));

        Assert.Equal(ErrorKind.Unauthorized, e.Kind);
        Assert.Contains(AuthFile, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("U0VD", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("REGISTRY_AUTH_FILE=/a.json HOME=/h XDG_RUNTIME_DIR=/r", "/a.json")]
    [InlineData(
        "HOME=/h",
        "/run/containers/7/auth.json /h/.config/containers/auth.json /h/.docker/config.json /h/.dockercfg"
    )]
    [InlineData(
        "REGISTRY_AUTH_FILE= HOME=/h XDG_RUNTIME_DIR=/r XDG_CONFIG_HOME=/c DOCKER_CONFIG=/d",
        "/r/containers/auth.json /c/containers/auth.json /d/config.json /h/.dockercfg"
    )]
    public void The_files_are_those_that_podman_and_docker_write(string environment, string expected)
    {
        Dictionary<string, string> variables = environment
            .Split(' ')
            .Select(v => v.Split('='))
            .ToDictionary(v => v[0], v => v[1]);

        Assert.Equal(expected, string.Join(' ', CredentialPaths.OfUser(variables.GetValueOrDefault, 7)));
    }

    [Fact]
    public void Credentials_as_text_show_no_secret() =>
        Assert.DoesNotContain("secret", new Credential("me", "secret", "secret").ToString(), StringComparison.Ordinal);

    [Fact]
    [Trait("needs", "root")]
    [Trait("needs", "programs")]
    public async Task A_helper_is_asked_for_its_host()
    {
        using Helper helper = new(
            _directory,
            """
            read -r host
            printf '{"ServerURL":"%s","Username":"me","Secret":"for %s"}' "$host" "$host"
            """
        );
        File.WriteAllText(
            AuthFile,
            "{\"credHelpers\":{\"quay.io\":\"" + helper.Name + "\",\"docker.io\":\"" + helper.Name + "\"}}"
        );

        Assert.Equal("for quay.io", (await Find("quay.io/x"))?.Password);
        Assert.Equal("for docker.io", (await Find("docker.io/x"))?.Password);
        Assert.Null(await Find("gcr.io/x"));
    }

    /// <summary>podman login stores under the host, docker login under a URL; either may have written the file, and
    /// either the secret.</summary>
    [Theory]
    [Trait("needs", "root")]
    [Trait("needs", "programs")]
    [InlineData("docker.io", "docker.io")]
    [InlineData("docker.io", "https://index.docker.io/v1/")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("https://index.docker.io/v1/", "https://index.docker.io/v1/")]
    public async Task A_helper_of_docker_hub_is_asked_by_both_names(string key, string stored)
    {
        using Helper helper = new(
            _directory,
            $$"""
            read -r host
            [ "$host" = {{stored}} ] || { echo 'credentials not found in native keychain'; exit 1; }
            printf '{"Username":"me","Secret":"s"}'
            """
        );
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        File.WriteAllText(AuthFile, "{\"credHelpers\":{\"" + key + "\":\"" + helper.Name + "\"}}");
        Assert.Equal("s", (await Find("docker.io/x"))?.Password);

        File.WriteAllText(AuthFile, "{\"credsStore\":\"" + helper.Name + "\"}");
        Assert.Equal("s", (await Find("docker.io/x"))?.Password);
        Assert.Equal(
            "s",
            (
                await new CredentialStore([], [helper.Name]).FindAsync(
                    ImageReference.Parse("docker.io/x"),
                    cancellation
                )
            )?.Password
        );
    }

    /// <summary>containers/image, findCredentialsInFile and decodeDockerAuth: the longest name decides, also where it
    /// has nothing.</summary>
    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"auth\":\"\"}")]
    [InlineData("{\"auth\":\"Og==\"}")]
    [InlineData("{\"username\":\"\",\"password\":\"\"}")]
    public async Task An_empty_entry_is_nobody_and_the_next_file_is_asked(string entry)
    {
        string second = Path.Combine(_directory, "config.json");
        File.WriteAllText(
            AuthFile,
            "{\"auths\":{\"quay.io/team\":" + entry + ",\"quay.io\":{\"auth\":\"aG9zdDpwYXNz\"}}}"
        );
        Assert.Null(await Find("quay.io/team/x"));
        Assert.Equal("host", (await Find("quay.io/x"))?.User);

        File.WriteAllText(second, Auths(("quay.io/team", "second")));
        Credential? found = await new CredentialStore([AuthFile, second]).FindAsync(
            ImageReference.Parse("quay.io/team/x"),
            TestContext.Current.CancellationToken
        );
        Assert.Equal($"credentials of 'second' from {second}", found?.ToString());
    }

    [Fact]
    public async Task A_password_needs_no_user()
    {
        File.WriteAllText(
            AuthFile,
            "{\"auths\":{\"quay.io\":{\"auth\":\"" + Convert.ToBase64String(":token"u8) + "\"}}}"
        );

        Assert.Equal("token", (await Find("quay.io/x"))?.Password);
    }

    [Fact]
    public async Task The_old_file_of_docker_is_all_auths()
    {
        string old = Path.Combine(_directory, ".dockercfg");
        File.WriteAllText(old, "{\"https://quay.io/v1/\":{\"auth\":\"bWU6cA==\",\"email\":\"x\"}}");

        Assert.Equal(
            "me",
            (
                await new CredentialStore([old]).FindAsync(
                    ImageReference.Parse("quay.io/x"),
                    TestContext.Current.CancellationToken
                )
            )?.User
        );
    }

    [Fact]
    public async Task A_helper_that_fails_is_passed_over_where_another_knows()
    {
        File.WriteAllText(AuthFile, Auths(("quay.io", "file")));
        CredentialStore store = new([AuthFile], ["no-such-helper", "containers-auth.json"]);

        Assert.Equal(
            "file",
            (await store.FindAsync(ImageReference.Parse("quay.io/x"), TestContext.Current.CancellationToken))?.User
        );
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            store.FindAsync(ImageReference.Parse("gcr.io/x"), TestContext.Current.CancellationToken)
        );
        Assert.Contains(
            "docker-credential-no-such-helper: No such file or directory",
            e.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("needs", "root")]
    [Trait("needs", "programs")]
    public async Task A_store_is_asked_where_the_file_has_nothing()
    {
        using Helper helper = new(
            _directory,
            """
            cat >/dev/null
            printf '{"Username":"<token>","Secret":"refresh"}'
            """
        );
        File.WriteAllText(AuthFile, "{\"auths\":{\"quay.io\":{}},\"credsStore\":\"" + helper.Name + "\"}");

        Credential? found = await Find("quay.io/x");

        Assert.Equal("refresh", found?.IdentityToken);
        Assert.Null(found?.Password);
    }

    [Fact]
    [Trait("needs", "root")]
    [Trait("needs", "programs")]
    public async Task A_helper_that_has_nothing_means_anonymous()
    {
        using Helper helper = new(_directory, "echo 'credentials not found in native keychain'; exit 1");
        File.WriteAllText(AuthFile, "{\"credsStore\":\"" + helper.Name + "\"}");

        Assert.Null(await Find("quay.io/x"));
    }

    [Theory]
    [Trait("needs", "root")]
    [InlineData("echo SECRET; exit 1")]
    [InlineData("echo SECRET")]
    public async Task A_helper_that_fails_is_an_error(string script)
    {
        using Helper helper = new(_directory, script);
        CredentialStore store = new([], [helper.Name]);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            store.FindAsync(ImageReference.Parse("quay.io/x"), default)
        );

        Assert.Contains("docker-credential-" + helper.Name, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere-to-be-found")]
    [InlineData("../../bin/sh")]
    public async Task A_helper_that_is_not_there_or_is_a_path_is_an_error(string name)
    {
        CredentialStore store = new([], [name]);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            store.FindAsync(ImageReference.Parse("quay.io/x"), default)
        );

        Assert.Equal(ErrorKind.Unauthorized, e.Kind);
    }

    private Task<Credential?> Find(string image) =>
        new CredentialStore([AuthFile]).FindAsync(ImageReference.Parse(image), default);

    private static string Auths(params (string Key, string User)[] entries) =>
        "{\"auths\":{"
        + string.Join(
            ',',
            entries.Select(e =>
                $"\"{e.Key}\":{{\"auth\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{e.User}:pass:{e.User}"))}\"}}"
            )
        )
        + "}}";

    /// <summary>A docker-credential-NAME on the PATH, under a name of its own so that tests may run side by
    /// side.</summary>
    private sealed class Helper : IDisposable
    {
        private readonly string _link;

        public Helper(string directory, string script)
        {
            Name = "sysctr-test-" + Guid.NewGuid().ToString("N");
            string file = Path.Combine(directory, Name);
            TestProgram.Write(file, "#!/bin/sh\n" + script);
            _link = "/usr/local/bin/docker-credential-" + Name;
            File.CreateSymbolicLink(_link, file);
        }

        public string Name { get; }

        public void Dispose() => File.Delete(_link);
    }
}
