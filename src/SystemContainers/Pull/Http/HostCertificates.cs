// SPDX-License-Identifier: Apache-2.0

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SystemContainers.Errors;
using SystemContainers.Pull.Options;

namespace SystemContainers.Pull.Http;

/// <summary>What <c>certs.d/HOST[:PORT]</c> adds for one host (containers-certs.d(5)): <c>*.crt</c> are CAs,
/// <c>X.cert</c> and <c>X.key</c> a client.</summary>
static class HostCertificates
{
    /// <summary>TLS options for a host.</summary>
    /// <param name="host">As in references, <c>host[:port]</c>.</param>
    /// <param name="directories">Of <see cref="PullOptions.CertificateDirectories"/>.</param>
    /// <param name="insecure">Take any certificate: what <c>insecure = true</c> in registries.conf asks for.</param>
    /// <exception cref="SysctrException">Unreachable: a file there can't be used.</exception>
    public static SslClientAuthenticationOptions Options(string host, IReadOnlyList<string> directories, bool insecure)
    {
        SslClientAuthenticationOptions options = new();
        List<string> useless = [];
        if (directories.Select(d => Path.Combine(d, host)).FirstOrDefault(Directory.Exists) is { } directory)
        {
            Load(directory, options, useless);
        }

        if (insecure)
        {
#pragma warning disable CA5359 // The administrator said so for this host; digests given by the user still hold.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else
        {
            options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                CertificateFault.Of(certificate, chain, errors, useless) is { } fault ? throw fault : true;
        }

        return options;
    }

    private static void Load(string directory, SslClientAuthenticationOptions options, List<string> useless)
    {
        X509Certificate2Collection authorities = [];
        string current = directory;
        try
        {
            string[] files = [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal)];
            foreach (string file in files)
            {
                current = file;
                switch (Path.GetExtension(file))
                {
                    case ".crt":
                        int before = authorities.Count;
                        authorities.ImportFromPemFile(file);
                        if (authorities.Count == before)
                        {
                            // Go passes over it, and so over DER; whether it is missed only the server's certificate
                            // shows.
                            useless.Add(file);
                        }

                        break;
                    case ".cert":
                        string key = Path.ChangeExtension(file, ".key");
                        options.ClientCertificates ??= [];
                        options.ClientCertificates.Add(
                            files.Contains(key)
                                ? X509Certificate2.CreateFromPemFile(file, key)
                                : throw new IOException(
                                    $"its key {key} is missing; the certificate of an authority is NAME.crt"
                                )
                        );
                        break;
                    case ".key" when !files.Contains(Path.ChangeExtension(file, ".cert")):
                        throw new IOException($"its certificate {Path.ChangeExtension(file, ".cert")} is missing");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SysctrException(
                ErrorKind.Unreachable,
                $"reading {current}: {e.Message}",
                "see containers-certs.d(5): *.crt are CAs, NAME.cert and NAME.key belong together, all in PEM",
                e
            );
        }

        if (authorities.Count > 0)
        {
            options.CertificateChainPolicy = Trusting(authorities);
        }
    }

    /// <summary>The CAs of the directory beside those of the system, as other tools have it.</summary>
    private static X509ChainPolicy Trusting(X509Certificate2Collection authorities)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,

            // As without a policy: private CAs seldom run a responder, and a missing one would cut off the registry.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        using X509Store system = new(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        policy.CustomTrustStore.AddRange(system.Certificates);
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
