// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Reference;
using SystemContainers.Requests;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Images;

/// <summary>An image in the store is used without asking anybody while the rules that it was judged by are what they
/// were.</summary>
[Trait("needs", "root")]
public sealed class ImageFetchTests : IDisposable
{
    private const string Image = "quay.io/team/app:1";

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-fetch-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task What_was_pulled_before_a_signature_was_asked_for_is_not_used()
    {
        using Host host = Host.Open(_root, _ => { });
        Keep(host, judgement: null);
        Assert.Equal(Image, (await FetchAsync(host)).Record.Reference["docker://".Length..]);

        Policy("key");
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => FetchAsync(host));
        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("not looked at when it was pulled", e.Message, StringComparison.Ordinal);

        Keep(host, host.SignaturePolicy.JudgementFor(ImageReference.Parse(Image)));
        await FetchAsync(host);

        Policy("another key");
        await Assert.ThrowsAsync<SysctrException>(() => FetchAsync(host));
    }

    /// <summary>A changed policy lets the first registry be asked again, and does not make a short name mean another
    /// registry's image.</summary>
    [Fact]
    public async Task What_has_to_be_judged_again_is_not_passed_over_for_another_registry()
    {
        using OciRegistry first = new();
        const string second = "127.0.0.1:1";
        string conf = Path.Combine(_root, "registries.conf");
        await File.WriteAllTextAsync(
            conf,
            $"unqualified-search-registries = [\"{first.Host}\", \"{second}\"]\n[[registry]]\nlocation = \"{first.Host}\"\ninsecure = true\n",
            TestContext.Current.CancellationToken
        );
        Policy("key", first.Host);
        using Host host = Host.Open(
            _root,
            _ => { },
            new HostOptions { Registries = new RegistriesConfPaths(conf, null, null) }
        );
        Keep(host, judgement: null, $"{first.Host}/app:1");
        Keep(host, judgement: null, $"{second}/app:1");
        using StoreLease lease = host.Locks.LeaseStore(TestContext.Current.CancellationToken);
        WantedImage wanted = new(
            host.Registries,
            new InstallRequest("app:1") { Name = "app", Pull = PullPolicy.Missing }
        );
        Assert.Equal(2, wanted.Candidates.Count);

        await Assert.ThrowsAsync<SysctrException>(() =>
            new ImageFetch(host, NoProgress.Instance).FetchAsync(wanted, lease, TestContext.Current.CancellationToken)
        );

        Assert.NotEmpty(first.Requests);
    }

    private static Task<StoredImage> FetchAsync(Host host)
    {
        StoreLease lease = host.Locks.LeaseStore(TestContext.Current.CancellationToken);
        return FetchAsync(host, lease);
    }

    private static async Task<StoredImage> FetchAsync(Host host, StoreLease lease)
    {
        using (lease)
        {
            WantedImage wanted = new(
                host.Registries,
                new InstallRequest(Image) { Name = "app", Pull = PullPolicy.Never }
            );
            return await new ImageFetch(host, NoProgress.Instance).FetchAsync(
                wanted,
                lease,
                TestContext.Current.CancellationToken
            );
        }
    }

    private static void Keep(Host host, string? judgement, string image = Image)
    {
        byte[] config =
            """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray();
        host.OpenStore().PutBlob(Digest.Sha256(config), config);
        host.OpenStore().PutBlob(Digest.Sha256("{}"u8), "{}"u8.ToArray());
        host.OpenStore()
            .Images.Set(
                new ImageRecord(
                    "docker://" + image,
                    Digest.Sha256("{}"u8),
                    Digest.Sha256(config),
                    [],
                    DateTimeOffset.UtcNow
                )
                {
                    Judgement = judgement,
                }
            );
    }

    private void Policy(string key, string registry = "quay.io")
    {
        string directory = Directory.CreateDirectory(Path.Combine(_root, "etc/containers")).FullName;
        File.WriteAllText(Path.Combine(directory, "key.gpg"), key);
        File.WriteAllText(
            Path.Combine(directory, "policy.json"),
            """{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"REGISTRY":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/etc/containers/key.gpg"}]}}}""".Replace(
                "REGISTRY",
                registry,
                StringComparison.Ordinal
            )
        );
    }
}
