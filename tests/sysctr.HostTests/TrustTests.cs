// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A policy that asks for signatures, from its first rule to a container that is held against it.</summary>
[Collection(ImagesHost.Name)]
public sealed class TrustTests(HardLinksFixture fixture)
{
    private const string Repository = TestHost.MovingRegistry + "/team/trusted";
    private const string Image = Repository + ":1";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task What_is_signed_is_installed_and_held_against_the_policy_ever_after()
    {
        await using RegistryServer registry = await _host.StartMovingRegistryAsync();
        await _host.ShellAsync(
            $"""
            mkdir -p /etc/containers /srv/trust; cp -a /etc/containers /srv/trust/before; mkdir -p /etc/containers/registries.conf.d
            printf '[[registry]]\nlocation = "{TestHost.MovingRegistry}"\ninsecure = true\n' >/etc/containers/registries.conf.d/moving.conf
            """
        );
        try
        {
            await LiveAsync(registry);
        }
        finally
        {
            await _host.ShellAsync(
                "sysctr --quiet uninstall --purge trusted 2>/dev/null || true; sysctr --quiet images delete "
                    + Image
                    + " 2>/dev/null || true; rm -rf /etc/containers; mv /srv/trust/before /etc/containers; rm -r /srv/trust"
            );
        }
    }

    private async Task LiveAsync(RegistryServer registry)
    {
        (
            await _host.SysctrAsync("copy", $"docker://{TestHost.Registry}/tiny:latest", $"docker://{Image}")
        ).MustSucceed();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256),
            other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await WriteAsync("/srv/trust/key.pem", key.ExportSubjectPublicKeyInfoPem());
        (await _host.SysctrAsync("trust", "set", "--type", "reject", TestHost.MovingRegistry)).MustSucceed();
        CommandResult rejected = await _host.SysctrAsync("trust", "test", Image);
        Assert.Equal(6, rejected.ExitCode);
        Assert.Contains(
            $"decides      {TestHost.MovingRegistry} in /etc/containers/policy.json: reject",
            rejected.Output,
            StringComparison.Ordinal
        );
        Assert.Equal(6, (await _host.SysctrAsync("install", "--name", "trusted", Image)).ExitCode);

        (
            await _host.SysctrAsync(
                "trust",
                "set",
                "--type",
                "sigstoreSigned",
                "--key",
                "/srv/trust/key.pem",
                "--identity",
                "matchRepository",
                Repository
            )
        ).MustSucceed();
        CommandResult unsigned = await _host.SysctrAsync("install", "--name", "trusted", Image);
        Assert.Equal(6, unsigned.ExitCode);
        Assert.Contains(
            "it has no signature, and must be signed (sigstoreSigned)",
            unsigned.Error,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("trusted", (await _host.SysctrAsync("list", "--names")).Output.Split('\n'));

        await SignAsync(registry, other);
        Assert.Contains(
            "by none of the trusted keys",
            (await _host.SysctrAsync("trust", "test", Image)).Output,
            StringComparison.Ordinal
        );
        await SignAsync(registry, key);
        Assert.Contains(
            "  accepted     sha256:",
            (await _host.SysctrAsync("trust", "test", Image)).MustSucceed().Output,
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("install", "--name", "trusted", Image)).MustSucceed();
        Assert.Equal("store Ok, deployment Ok, trust Ok, source Ok", await ChecksAsync(0));

        // What counted counts no more.
        await SignAsync(registry, other);
        Assert.Equal("store Ok, deployment Ok, trust Failed, source Ok", await ChecksAsync(6));
        Assert.Equal("store Ok, deployment Ok, trust Unknown, source Unknown", await ChecksAsync(0, "--offline"));

        // A deployment's file is the store's: who writes to it is seen there. Another in its place is seen in the
        // deployment.
        const string file =
            "f=$(find /var/lib/sysctr/deployments/trusted/0/rootfs -type f -size +0 | sort | head -1); ";
        await _host.ShellAsync(file + "cp -a $f /srv/trust/kept; printf x | dd of=$f conv=notrunc status=none");
        Assert.Equal("store Failed, deployment Ok, trust Unknown, source Unknown", await ChecksAsync(7, "--offline"));
        await _host.ShellAsync(
            file
                + "dd if=/srv/trust/kept of=$f conv=notrunc status=none; touch -r /srv/trust/kept $f; cp -a $f /srv/trust/other; echo x >>/srv/trust/other; mv /srv/trust/other $f"
        );
        Assert.Equal("store Ok, deployment Failed, trust Unknown, source Unknown", await ChecksAsync(7, "--offline"));
        (await _host.SysctrAsync("fsck", "--repair")).MustSucceed();
        Assert.Equal("store Ok, deployment Ok, trust Unknown, source Unknown", await ChecksAsync(0, "--offline"));
        await _host.ShellAsync("mv /var/lib/sysctr/deployments/trusted/0/config.json /srv/trust/");
        Assert.Equal("store Ok, deployment Failed, trust Unknown, source Unknown", await ChecksAsync(7, "--offline"));
        await _host.ShellAsync("mv /srv/trust/config.json /var/lib/sysctr/deployments/trusted/0/");
        (await _host.SysctrAsync("trust", "delete", Repository)).MustSucceed();
        Assert.DoesNotContain(Repository, (await _host.SysctrAsync("trust", "show")).MustSucceed().Output.Split(' '));
    }

    private async Task<string> ChecksAsync(int status, params string[] options)
    {
        CommandResult verified = await _host.SysctrAsync(["verify", "--json", "trusted", .. options]);
        Assert.True(verified.ExitCode == status, verified.All);
        return string.Join(
            ", ",
            JsonNode.Parse(verified.Output)![0]!["checks"]!.AsArray().Select(c => $"{c!["name"]} {c["state"]}")
        );
    }

    private Task<string> WriteAsync(string file, string text) => _host.ShellAsync($"cat >{file} <<'END'\n{text}\nEND");

    /// <summary>As cosign 2 does it: a manifest at the tag sha256-HEX.sig, whose layer is what was signed.</summary>
    private async Task SignAsync(RegistryServer registry, ECDsa key)
    {
        string raw = (await _host.SysctrAsync("inspect", "--raw", $"docker://{Image}")).MustSucceed().Output;
        string digest =
            (await _host.ShellAsync($"sysctr inspect --json docker://{Image}")) is var json
            && JsonNode.Parse(json)!["digest"] is { } known
                ? known.ToString()
                : $"sha256:{Hex(Encoding.UTF8.GetBytes(raw))}";
        byte[] payload = Encoding.UTF8.GetBytes(
            $$$"""{"critical":{"identity":{"docker-reference":"{{{Repository}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"cosign container image signature"},"optional":null}"""
        );
        byte[] config = Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:{{{Hex(payload)}}}"]}}"""
        );
        string signature = Convert.ToBase64String(
            key.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
        );
        byte[] manifest = Encoding.UTF8.GetBytes(
            $$$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":{{{config.Length}}},"digest":"sha256:{{{Hex(config)}}}"},"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":{{{payload.Length}}},"digest":"sha256:{{{Hex(payload)}}}","annotations":{"dev.cosignproject.cosign/signature":"{{{signature}}}"}}]}"""
        );
        string layout = Directory.CreateTempSubdirectory("sysctr-signature-").FullName;
        try
        {
            string blobs = Directory.CreateDirectory(Path.Combine(layout, "blobs/sha256")).FullName;
            foreach (byte[] blob in (byte[][])[payload, config, manifest])
            {
                await File.WriteAllBytesAsync(Path.Combine(blobs, Hex(blob)), blob);
            }

            await File.WriteAllTextAsync(Path.Combine(layout, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
            await File.WriteAllTextAsync(
                Path.Combine(layout, "index.json"),
                $$$"""{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{{{Hex(manifest)}}}","size":{{{manifest.Length}}},"annotations":{"org.opencontainers.image.ref.name":"sig"}}]}"""
            );
            await registry.PushAsync(layout, "sig", $"team/trusted:{digest.Replace(':', '-')}.sig");
        }
        finally
        {
            Directory.Delete(layout, recursive: true);
        }
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
