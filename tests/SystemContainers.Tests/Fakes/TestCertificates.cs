// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SystemContainers.Tests.Fakes;

/// <summary>A private CA, and certificates of it for 127.0.0.1.</summary>
public sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _authority;

    public TestCertificates()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=sysctr test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Server = Issue("CN=registry");
        Client = Issue("CN=client");
    }

    public X509Certificate2 Server { get; }

    public X509Certificate2 Client { get; }

    /// <summary>The server's as it was: of the same authority, and of the past.</summary>
    public X509Certificate2 Expired =>
        Issue("CN=registry", DateTimeOffset.UtcNow.AddHours(-20), DateTimeOffset.UtcNow.AddHours(-10));

    /// <summary>The server's as it will be.</summary>
    public X509Certificate2 Future =>
        Issue("CN=registry", DateTimeOffset.UtcNow.AddHours(10), DateTimeOffset.UtcNow.AddHours(20));

    public string AuthorityPem => _authority.ExportCertificatePem();

    public static string KeyPem(X509Certificate2 certificate)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    public void Dispose()
    {
        _authority.Dispose();
        Server.Dispose();
        Client.Dispose();
    }

    /// <summary>A certificate that nobody but itself signed.</summary>
    public static X509Certificate2 SelfSigned()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=alone", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddHours(-1),
            DateTimeOffset.UtcNow.AddHours(12)
        );
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private X509Certificate2 Issue(string name, DateTimeOffset? from = null, DateTimeOffset? to = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());

        // A serial number is positive, which Go insists on: its first bit is the sign.
        using X509Certificate2 bare = request.Create(
            _authority,
            from ?? DateTimeOffset.UtcNow.AddHours(-1),
            to ?? DateTimeOffset.UtcNow.AddHours(12),
            [1, .. RandomNumberGenerator.GetBytes(8)]
        );
        using X509Certificate2 withKey = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }
}
