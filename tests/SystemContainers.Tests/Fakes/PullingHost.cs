// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Tests.Fakes;

/// <summary>A host's configuration in a temporary directory, and a puller that uses it.</summary>
sealed class PullingHost : IDisposable
{
    private static readonly Platform s_platform = new("amd64", "linux");

    public PullingHost() => File.WriteAllText(In("registries.conf"), "");

    public string Root { get; } = Directory.CreateTempSubdirectory("sysctr-pull-").FullName;

    public RecordingSink Sink { get; } = new();

    public RecordingProgress Progress { get; } = new();

    /// <summary>Quick enough for tests that let everything fail.</summary>
    public PullOptions Options { get; set; } =
        new()
        {
            FirstPause = TimeSpan.FromMilliseconds(1),
            LongestPause = TimeSpan.FromMilliseconds(2),
            MaxAttempts = 3,
        };

    public string In(string name) => Path.Combine(Root, name);

    /// <summary>Allows plain HTTP for a registry; more of registries.conf may follow.</summary>
    public PullingHost Insecure(params string[] hosts)
    {
        File.AppendAllLines(
            In("registries.conf"),
            hosts.Select(h => $"[[registry]]\nlocation = \"{h}\"\ninsecure = true")
        );
        return this;
    }

    public PullingHost Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllText(In(name), text);
        return this;
    }

    /// <summary>An auth.json with one entry.</summary>
    public PullingHost Login(string key, string user, string password)
    {
        string auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        return Write("auth.json", "{\"auths\":{\"" + key + "\":{\"auth\":\"" + auth + "\"}}}");
    }

    public Task<PulledImage> PullAsync(
        string image,
        Platform? platform = null,
        ILayerSink? sink = null,
        CancellationToken cancellationToken = default
    ) => PullAsync([ImageReference.Parse(image)], platform, sink, cancellationToken);

    public Task<PulledImage> PullAsync(
        IReadOnlyList<ImageReference> candidates,
        Platform? platform = null,
        ILayerSink? sink = null,
        CancellationToken cancellationToken = default
    ) => Puller().PullAsync(candidates, platform ?? s_platform, sink ?? Sink, cancellationToken);

    /// <summary>registries.conf as it is now.</summary>
    public RegistriesConfig Registries =>
        RegistriesConfig.Load(new RegistriesConfPaths(In("registries.conf"), null, null));

    /// <summary>auth.json as it is now.</summary>
    public CredentialStore Credentials => new([In("auth.json")], Registries.CredentialHelpers);

    /// <summary>What a test pulls with.</summary>
    public PullOptions OwnOptions => Options with { CertificateDirectories = [In("certs.d")] };

    /// <summary>A puller by what the files say now.</summary>
    public ImagePuller Puller() =>
        new(Registries, Credentials, SignaturePolicy.Load(In("policy.json")), Progress, OwnOptions);

    /// <summary>Pulls, and gives the error that it ends in.</summary>
    public async Task<SysctrException> FailAsync(string image, ErrorKind kind)
    {
        SysctrException e = await Xunit.Assert.ThrowsAsync<SysctrException>(() => PullAsync(image));
        Xunit.Assert.True(e.Kind == kind, $"{e.Kind} instead of {kind}: {e}");
        return e;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
