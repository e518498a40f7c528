// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Logins;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Logins;

/// <summary>What a login asks a registry, and where it keeps what the registry took.</summary>
public sealed class LoginOperationTests : IDisposable
{
    private static readonly Credential s_me = new("me", "s3cret", identityToken: null);

    private readonly FakeRegistry _registry = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-login-").FullName;
    private readonly Dictionary<string, string> _environment = [];

    public LoginOperationTests()
    {
        _environment["HOME"] = In("home");
        _environment["XDG_RUNTIME_DIR"] = In("run");
        File.WriteAllText(In("registries.conf"), "");
        _registry.Misbehave = r =>
            r.Path == "/v2/" && r.Header("authorization") == "Basic " + s_me.Basic
                ? new FakeResponse()
                : new FakeResponse(401) { Headers = { ["WWW-Authenticate"] = "Basic realm=\"x\"" } };
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Main => In("home/.config/containers/auth.json");

    private AuthKey Key => new(_registry.Host);

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task The_registry_is_asked_before_anything_is_kept()
    {
        Assert.True(await Logins().CheckAsync(Key, s_me, verify: false, Cancellation));

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            Logins()
                .CheckAsync(
                    Key,
                    new Credential("me", "WRONG", null) { Source = "this login" },
                    verify: false,
                    Cancellation
                )
        );
        Assert.Equal(ErrorKind.Unauthorized, e.Kind);
        Assert.Contains("credentials of 'me' from this login are not accepted", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("WRONG", e.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(Main));
    }

    [Fact]
    public async Task Tls_is_wanted_unless_the_option_or_the_file_say_otherwise()
    {
        Assert.Equal(
            ErrorKind.Unreachable,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    Logins().CheckAsync(Key, s_me, verify: null, Cancellation)
                )
            ).Kind
        );

        File.WriteAllText(In("registries.conf"), $"[[registry]]\nlocation=\"{_registry.Host}\"\ninsecure=true");
        Assert.True(await Logins().CheckAsync(Key, s_me, verify: null, Cancellation));
        Assert.Equal(
            ErrorKind.Unreachable,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    Logins().CheckAsync(Key, s_me, verify: true, Cancellation)
                )
            ).Kind
        );

        File.WriteAllText(In("registries.conf"), $"[[registry]]\nlocation=\"{_registry.Host}\"\nblocked=true");
        Assert.Equal(
            ErrorKind.Policy,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    Logins().CheckAsync(Key, s_me, verify: false, Cancellation)
                )
            ).Kind
        );
    }

    [Fact]
    public async Task A_token_server_is_asked_for_no_repository()
    {
        using FakeRegistry tokens = new();
        tokens.Misbehave = r =>
            r.Header("authorization") == "Basic " + s_me.Basic
                ? new FakeResponse(200, """{"token":"t"}"""u8.ToArray())
                : FakeRegistry.Error(401, "UNAUTHORIZED", "who?");
        _registry.Misbehave = r =>
            r.Header("authorization") == "Bearer t"
                ? new FakeResponse()
                : new FakeResponse(401)
                {
                    Headers = { ["WWW-Authenticate"] = $"Bearer realm=\"http://{tokens.Host}/token\",service=\"s\"" },
                };

        Assert.True(await Logins().CheckAsync(Key, s_me, verify: false, Cancellation));

        Assert.Equal("service=s", Assert.Single(tokens.Requests).Query);
        await Assert.ThrowsAsync<SysctrException>(() =>
            Logins().CheckAsync(Key, new Credential("me", "wrong", null), verify: false, Cancellation)
        );
    }

    [Fact]
    public async Task A_registry_that_asks_nobody_says_so()
    {
        _registry.Misbehave = static _ => new FakeResponse();

        Assert.False(await Logins().CheckAsync(Key, s_me, verify: false, Cancellation));
    }

    [Fact]
    public async Task It_is_kept_where_a_reboot_leaves_it_and_what_comes_before_is_named()
    {
        AuthKey key = new("quay.io/team");
        Assert.Equal((Main, null), await Logins().KeepAsync(key, "me", "s3cret", Cancellation));
        Assert.Equal("me", (await Logins().FindAsync(new AuthKey("quay.io/team/app"), Cancellation))?.User);

        new AuthFile(In("run/containers/auth.json")).Set(key, "podman", "x");
        Assert.Contains(
            $"{In("run/containers/auth.json")} has credentials of quay.io/team too",
            (await Logins().KeepAsync(key, "me", "s3cret", Cancellation)).Warning,
            StringComparison.Ordinal
        );

        Assert.Equal([Main, In("run/containers/auth.json")], await Logins().ForgetAsync(key, Cancellation));
        Assert.Null(await Logins().FindAsync(key, Cancellation));
        Assert.Equal(
            ErrorKind.NotFound,
            (await Assert.ThrowsAsync<SysctrException>(() => Logins().ForgetAsync(key, Cancellation))).Kind
        );
    }

    [Fact]
    public async Task What_docker_keeps_is_not_ours_to_remove()
    {
        Directory.CreateDirectory(In("home/.docker"));
        File.WriteAllText(In("home/.docker/config.json"), "{\"auths\":{\"quay.io\":{\"auth\":\"bWU6cA==\"}}}");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            Logins().ForgetAsync(new AuthKey("quay.io"), Cancellation)
        );

        Assert.Contains(In("home/.docker/config.json"), e.Message, StringComparison.Ordinal);
        Assert.Contains("docker logout", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_named_is_the_only_one()
    {
        _environment["REGISTRY_AUTH_FILE"] = In("env.json");
        await Logins().KeepAsync(new AuthKey("quay.io"), "env", "p", Cancellation);
        await Logins(In("option.json")).KeepAsync(new AuthKey("quay.io"), "option", "p", Cancellation);

        Assert.Equal("env", (await Logins().FindAsync(new AuthKey("quay.io"), Cancellation))?.User);
        Assert.Equal("option", (await Logins(In("option.json")).FindAsync(new AuthKey("quay.io"), Cancellation))?.User);
        Assert.Equal([In("option.json")], await Logins(In("option.json")).ForgetAllAsync(Cancellation));
        Assert.Empty(await Logins(In("option.json")).ForgetAllAsync(Cancellation));
        Assert.False(File.Exists(Main));
    }

    /// <summary>By a helper of the file, and by those of registries.conf in their order; the next one where one
    /// fails.</summary>
    [Theory]
    [Trait("needs", "root")]
    [Trait("needs", "programs")]
    [InlineData("quay.io", true)]
    [InlineData("docker.io", true)]
    [InlineData("quay.io", false)]
    [InlineData("docker.io", false)]
    public async Task A_helper_keeps_and_forgets(string registry, bool inFile)
    {
        using KeepingHelper helper = new(_directory);
        File.WriteAllText(
            In("registries.conf"),
            inFile ? "" : $"credential-helpers = [\"no-such-helper\", \"{helper.Name}\", \"containers-auth.json\"]"
        );
        Directory.CreateDirectory(Path.GetDirectoryName(Main)!);
        string before = inFile ? "{\"credHelpers\":{\"" + registry + "\":\"" + helper.Name + "\"}}" : "{}";
        File.WriteAllText(Main, before);
        AuthKey key = new(registry);

        Assert.Equal(
            ($"docker-credential-{helper.Name}", null),
            await Logins().KeepAsync(key, "me", "p\"q", Cancellation)
        );
        Assert.Equal("p\"q", (await Logins().FindAsync(new AuthKey(registry + "/team/app"), Cancellation))?.Password);
        Assert.Equal(before, File.ReadAllText(Main));

        if (inFile)
        {
            SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
                Logins().KeepAsync(new AuthKey(registry + "/team"), "me", "p", Cancellation)
            );
            Assert.Contains("knows registries only", e.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(
                Main,
                (await Logins().KeepAsync(new AuthKey(registry + "/team"), "me", "p", Cancellation)).Place
            );
            return;
        }

        Assert.NotEmpty(await Logins().ForgetAsync(key, Cancellation));
        Assert.Null(await Logins().FindAsync(key, Cancellation));
        await Logins().KeepAsync(key, "me", "again", Cancellation);
        Assert.NotEmpty(await Logins().ForgetAllAsync(Cancellation));
        Assert.Empty(Directory.GetFiles(helper.Kept));
    }

    /// <summary>What other programs keep in the helper is not this file's to erase; of a helper of registries.conf
    /// everything is.</summary>
    [Theory]
    [Trait("needs", "root")]
    [Trait("needs", "programs")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_that_a_helper_of_the_file_forgets_is_what_the_file_gives_to_it(bool inFile)
    {
        using KeepingHelper helper = new(_directory);
        File.WriteAllText(In("registries.conf"), inFile ? "" : $"credential-helpers = [\"{helper.Name}\"]");
        Directory.CreateDirectory(Path.GetDirectoryName(Main)!);
        File.WriteAllText(
            Main,
            inFile
                ? "{\"credHelpers\":{\"quay.io\":\"" + helper.Name + "\",\"docker.io\":\"" + helper.Name + "\"}}"
                : "{}"
        );
        foreach (string registry in (string[])["quay.io", "https://index.docker.io/v1/", "ghcr.io"])
        {
            await CredentialHelper.StoreAsync(helper.Name, registry, "me", "p", Cancellation);
        }

        Assert.NotEmpty(await Logins().ForgetAllAsync(Cancellation));

        Assert.Equal(inFile ? ["ghcr.io"] : [], Directory.GetFiles(helper.Kept).Select(Path.GetFileName));
    }

    [Fact]
    public void Without_a_registry_the_first_that_short_names_are_looked_up_in_is_meant()
    {
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => Logins().KeyOf(null)).Kind);
        File.WriteAllText(In("registries.conf"), "unqualified-search-registries = [\"quay.io\", \"docker.io\"]");
        Assert.Equal("quay.io", Logins().KeyOf(null).Text);
    }

    private string In(string name) => Path.Combine(_directory, name);

    private LoginOperation Logins(string? file = null) =>
        new(
            RegistriesConfig.Load(new RegistriesConfPaths(In("registries.conf"), null, null)),
            new PullOptions { MaxAttempts = 1 },
            new NoProgress(),
            file,
            _environment.GetValueOrDefault
        );

    /// <summary>A helper that keeps a file a server; their names have no slash there.</summary>
    private sealed class KeepingHelper : IDisposable
    {
        private readonly string _link;

        public KeepingHelper(string directory)
        {
            Name = "sysctr-test-" + Guid.NewGuid().ToString("N");
            Kept = Directory.CreateDirectory(Path.Combine(directory, "kept")).FullName;
            string file = Path.Combine(directory, Name);
            TestProgram.Write(
                file,
                """
                #!/usr/bin/env python3
                import json, os, sys
                kept = "KEPT"
                place = lambda server: os.path.join(kept, server.replace("/", "_"))
                text = sys.stdin.read()
                if sys.argv[1] == "store":
                    secret = json.loads(text)
                    open(place(secret["ServerURL"]), "w").write(text)
                elif sys.argv[1] == "list":
                    print(json.dumps({json.load(open(os.path.join(kept, f)))["ServerURL"]: "me" for f in os.listdir(kept)}))
                elif not os.path.exists(place(text)):
                    print("credentials not found in native keychain")
                    sys.exit(1)
                elif sys.argv[1] == "erase":
                    os.remove(place(text))
                else:
                    print(open(place(text)).read())
                """.Replace("KEPT", Kept, StringComparison.Ordinal)
            );
            _link = "/usr/local/bin/docker-credential-" + Name;
            File.CreateSymbolicLink(_link, file);
        }

        public string Name { get; }

        public string Kept { get; }

        public void Dispose() => File.Delete(_link);
    }
}
