// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Pull.Auth;
using Xunit;

namespace SystemContainers.Tests.Pull.Auth;

/// <summary>An auth.json that is changed, and the names in it.</summary>
public sealed class AuthFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-authfile-").FullName;

    private string File => Path.Combine(_directory, "new/auth.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_file_is_made_for_its_owner_alone()
    {
        new AuthFile(File).Set(new AuthKey("quay.io"), "me", "pass:wörd");

        Assert.Equal("""{"auths":{"quay.io":{"auth":"bWU6cGFzczp3w7ZyZA=="}}}""", Compact());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!)
        );
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    /// <summary>containers/image's TestSetCredentialsInteroperability: what is Docker's, and other entries with all of
    /// their members, stay.</summary>
    [Fact]
    public void What_else_stands_in_it_stays()
    {
        const string rest =
            "\"psFormat\":\"x\",\"credHelpers\":{\"h.example\":\"pass\"},\"credsStore\":\"s\",\"nested\":{\"deep\":[1,2.50,null,true]}";
        Write(
            "{\"auths\":{\"other.example\":{\"identitytoken\":\"t\",\"more\":{\"kept\":1}},\"quay.io\":{\"auth\":\"eDp5\",\"email\":\"e\"}},"
                + rest
                + "}"
        );
        AuthFile file = new(File);

        file.Set(new AuthKey("quay.io"), "me", "p");
        Assert.Equal(
            "{\"auths\":{\"other.example\":{\"identitytoken\":\"t\",\"more\":{\"kept\":1}},\"quay.io\":{\"auth\":\"bWU6cA==\"}},"
                + rest
                + "}",
            Compact()
        );

        Assert.True(file.Remove(new AuthKey("quay.io")));
        Assert.False(file.Remove(new AuthKey("quay.io")));
        Assert.Equal(
            "{\"auths\":{\"other.example\":{\"identitytoken\":\"t\",\"more\":{\"kept\":1}}}," + rest + "}",
            Compact()
        );

        Assert.True(file.Clear());
        Assert.False(file.Clear());
        Assert.Equal(
            """{"auths":{},"psFormat":"x","credsStore":"s","nested":{"deep":[1,2.50,null,true]}}""",
            Compact()
        );
    }

    [Theory]
    [InlineData("quay.io/a/b", "quay.io quay.io/a quay.io/a/b quay.io/a/b/c", "quay.io quay.io/a quay.io/a/b/c")]
    [InlineData("quay.io", "quay.io quay.io/a", "quay.io/a")]
    [InlineData("quay.io", "https://quay.io/v2/ http://quay.io quay.io:443", "quay.io:443")]
    [InlineData(
        "docker.io",
        "docker.io https://index.docker.io/v1/ index.docker.io docker.io/vendor",
        "docker.io/vendor"
    )]
    [InlineData("quay.io/a", "quay.io", "quay.io")]
    public void Only_the_entry_that_is_meant_is_removed_however_it_is_written(string key, string before, string after)
    {
        Write(
            "{\"auths\":{" + string.Join(',', before.Split(' ').Select(k => $"\"{k}\":{{\"auth\":\"eDp5\"}}")) + "}}"
        );

        Assert.Equal(before != after, new AuthFile(File).Remove(new AuthKey(key)));

        Assert.Equal(
            after,
            string.Join(' ', JsonNode.Parse(System.IO.File.ReadAllText(File))!["auths"]!.AsObject().Select(a => a.Key))
        );
    }

    [Fact]
    public void Changes_at_once_are_all_kept()
    {
        Parallel.For(0, 40, i => new AuthFile(File).Set(new AuthKey($"h{i}.example"), "me", "p"));

        Assert.Equal(40, JsonNode.Parse(System.IO.File.ReadAllText(File))!["auths"]!.AsObject().Count);
    }

    [Fact]
    public void What_names_no_helper_is_none()
    {
        Write(
            "{\"credHelpers\":{\"a.example\":7,\"b.example\":\"\",\"c.example\":\"pass\",\"https://index.docker.io/v1/\":\"hub\"}}"
        );

        Assert.Equal(
            [null, null, "pass", "hub"],
            new[] { "a.example", "b.example", "c.example", "docker.io" }.Select(k =>
                new AuthFile(File).HelperOf(new AuthKey(k))
            )
        );
    }

    [Fact]
    public void Dockers_oldest_file_is_only_read()
    {
        SysctrException e = Assert.Throws<SysctrException>(() =>
            new AuthFile(Path.Combine(_directory, ".dockercfg")).Set(new AuthKey("quay.io"), "me", "p")
        );

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void A_link_is_replaced_and_what_it_names_stays()
    {
        string real = Path.Combine(_directory, "real.json");
        System.IO.File.WriteAllText(real, "{}");
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.CreateSymbolicLink(File, real);

        new AuthFile(File).Set(new AuthKey("quay.io"), "me", "p");

        Assert.Equal("{}", System.IO.File.ReadAllText(real));
        Assert.Null(new FileInfo(File).LinkTarget);
    }

    [Theory]
    [InlineData("SECRET is no JSON")]
    [InlineData("[\"SECRET\"]")]
    [InlineData("{\"auths\":[\"SECRET\"]}")]
    [InlineData("{\"credHelpers\":\"SECRET\"}")]
    [InlineData("{\"auths\":{\"a.example\":{\"auth\":\"SECRET\"},\"a.example\":{}}}")]
    [InlineData("{\"auths\":{\"a\":{\"auth\":\"SECRET\"}")]
    public void A_file_that_is_none_is_left_alone_and_not_shown(string text)
    {
        Write(text);

        SysctrException e = Assert.Throws<SysctrException>(() =>
            new AuthFile(File).Set(new AuthKey("quay.io"), "me", "p")
        );

        Assert.DoesNotContain("SECRET", e.ToString(), StringComparison.Ordinal);
        Assert.Equal(text, System.IO.File.ReadAllText(File));
    }

    [Theory]
    [InlineData("quay.io", "quay.io")]
    [InlineData("quay.io/", "quay.io")]
    [InlineData("https://quay.io/v2/", "quay.io")]
    [InlineData("http://localhost:5000", "localhost:5000")]
    [InlineData("localhost:5000/team", "localhost:5000/team")]
    [InlineData("docker.io/vendor", "docker.io/vendor")]
    [InlineData("index.docker.io", "docker.io")]
    [InlineData("[::1]:5000", "[::1]:5000")]
    public void What_is_logged_in_to_is_a_registry_or_a_part_of_it(string typed, string key) =>
        Assert.Equal(key, AuthKey.Parse(typed).Text);

    [Theory]
    [InlineData("")]
    [InlineData("quay")]
    [InlineData("quay/team")]
    [InlineData("quay.io/team:1")]
    [InlineData("quay.io/team@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("quay.io/Team")]
    [InlineData("me@quay.io")]
    [InlineData("ftp://quay.io")]
    public void What_is_none_is_refused(string typed) =>
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => AuthKey.Parse(typed)).Kind);

    private string Compact() => JsonNode.Parse(System.IO.File.ReadAllText(File))!.ToJsonString();

    private void Write(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, text);
    }
}
