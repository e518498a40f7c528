// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using Xunit;

namespace SystemContainers.Tests.Pull.Trust;

public sealed class SignatureStorageTests : IDisposable
{
    private const string BuiltIn = "file:///built-in";

    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-storage-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("quay.io/team/app:1", "file:///tag")]
    [InlineData("quay.io/team/app:2", "file:///team")]
    [InlineData(
        "quay.io/team/app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "file:///digest"
    )]
    [InlineData("quay.io/other", "file:///host")]
    [InlineData("a.b.example.com:5000/x", "file:///wild")]
    [InlineData("example.com/x", "file:///default")]
    [InlineData("quay.io:5000/x", "file:///default")]
    public void The_most_specific_name_that_says_something_counts(string image, string place)
    {
        Write(
            "x.yaml",
            $$"""
            default-docker: {lookaside: "file:///default", use-sigstore-attachments: true}
            docker:
              quay.io: {sigstore: "file:///host"}
              quay.io/team: {lookaside: "file:///team", sigstore: "file:///older", lookaside-staging: "file:///staging"}
              quay.io/team/app: {use-sigstore-attachments: false}
              "quay.io/team/app:1": {lookaside: "file:///tag"}
              "quay.io/team/app@sha256:{{new string('a', 64)}}": {lookaside: "file:///digest"}
              "*.example.com": {lookaside: "file:///wild"}
            """
        );
        SignatureStorage storage = Load();

        Assert.Equal(place, storage.Lookaside(ImageReference.Parse(image)).Url);
        Assert.Equal(
            !image.Contains("/team/app", StringComparison.Ordinal),
            storage.UsesAttachments(ImageReference.Parse(image))
        );
    }

    [Fact]
    public void Without_files_there_is_the_built_in_place_and_no_attachment()
    {
        Assert.Equal((BuiltIn, null), Load().Lookaside(ImageReference.Parse("quay.io/x")));
        Assert.False(Load().UsesAttachments(ImageReference.Parse("quay.io/x")));
    }

    [Fact]
    public void Directories_count_together_and_a_later_one_replaces_files_of_the_same_name()
    {
        Write("1/a.yaml", "docker: {quay.io: {lookaside: 'file:///a'}}");
        Write("1/b.yaml", "docker: {docker.io: {lookaside: 'file:///b'}}");
        Write("2/a.yaml", "docker: {ghcr.io: {lookaside: 'file:///c'}}");
        Write("2/c.yml", "no: [yaml");
        SignatureStorage storage = SignatureStorage.Load(
            [Path.Combine(_directory, "1"), Path.Combine(_directory, "2"), Path.Combine(_directory, "3")],
            BuiltIn
        );

        Assert.Equal(BuiltIn, storage.Lookaside(ImageReference.Parse("quay.io/x")).Url);
        Assert.Equal("file:///b", storage.Lookaside(ImageReference.Parse("docker.io/x")).Url);
        Assert.Equal(
            ("file:///c", Path.Combine(_directory, "2/a.yaml")),
            storage.Lookaside(ImageReference.Parse("ghcr.io/x"))
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing")]
    [InlineData("docker:")]
    [InlineData("docker: {quay.io: }")]
    [InlineData("unknown: 1")]
    public void Files_may_say_nothing(string text)
    {
        Write("x.yaml", text);

        Assert.Equal(BuiltIn, Load().Lookaside(ImageReference.Parse("quay.io/x")).Url);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("docker: []")]
    [InlineData("docker: {quay.io: []}")]
    [InlineData("docker: {quay.io: {lookaside: []}}")]
    [InlineData("docker: {quay.io: {use-sigstore-attachments: perhaps}}")]
    [InlineData("docker: {quay.io: {}, quay.io: {}}")]
    [InlineData("docker: {")]
    public void What_can_not_be_understood_is_refused_with_its_file(string text)
    {
        Write("x.yaml", text);

        Refused("x.yaml");
    }

    [Theory]
    [InlineData("docker: {quay.io: {lookaside: 'file:///a'}}")]
    [InlineData("default-docker: {lookaside: 'file:///a'}")]
    public void Nothing_is_said_twice(string text)
    {
        Write("x.yaml", text);
        Write("y.yaml", text);

        Assert.Contains("x.yaml too", Refused("y.yaml").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Places_are_those_of_podman()
    {
        HostUser user = new(
            "me",
            1000,
            1000,
            "/home/me",
            "/home/me/.config",
            "/home/me/.local/share",
            "/run/user/1000"
        );

        Assert.Equal(
            [
                "/usr/share/containers/registries.d",
                "/usr/share/containers/registries.rootful.d",
                "/etc/containers/registries.d",
                "/etc/containers/registries.rootful.d",
                "/home/root/.config/containers/registries.d",
            ],
            Places(null).Directories
        );
        Assert.Equal("/root/.config/containers/registries.d", Places(null, "/srv/system").Directories[^1]);
        Assert.Equal("file:///var/lib/containers/sigstore", Places(null).BuiltIn);
        Assert.Contains("/etc/containers/registries.rootless.d/1000", Places(user).Directories);
        Assert.Equal("/home/me/.config/containers/registries.d", Places(user).Directories[^1]);
        Assert.Equal("file:///home/me/.local/share/containers/sigstore", Places(user).BuiltIn);

        static (IReadOnlyList<string> Directories, string BuiltIn) Places(HostUser? user, string root = "/") =>
            SignatureStorage.Places(user, root, name => name == "HOME" ? "/home/root" : null);
    }

    private SignatureStorage Load() => SignatureStorage.Load([_directory], BuiltIn);

    private SysctrException Refused(string file)
    {
        SysctrException e = Assert.Throws<SysctrException>(Load);
        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
        return e;
    }

    private void Write(string name, string text)
    {
        string file = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
