// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SystemContainers.Errors;
using SystemContainers.Pull.X509;
using Xunit;

namespace SystemContainers.Tests.Pull.X509;

/// <summary>Chains as Go's crypto/x509 judges them: the rows are what its Verify says.</summary>
public sealed class CertificateChainTests
{
    private static readonly DateTimeOffset s_from = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_to = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("good", null)]
    [InlineData("middle is a root", null)]
    [InlineData("leaf is a root", null)]
    [InlineData("middle is missing", "no trusted certificate")]
    [InlineData("middle is no authority", "may not sign certificates")]
    [InlineData("middle has no basic constraints", "may not sign certificates")]
    [InlineData("middle may not sign", "may not sign certificates")]
    [InlineData("middle has ended", "counted until")]
    [InlineData("root has ended", "counted until")]
    [InlineData("leaf has ended", "counted until")]
    [InlineData("middle is for servers", "not for code signing")]
    [InlineData("middle is for any use", null)]
    [InlineData("path is too long", "longer than one of it allows")]
    [InlineData("middle has an unknown critical extension", "critical extension")]
    [InlineData("middle has an unknown extension", null)]
    [InlineData("same name, other key", "not signed by the one")]
    public void A_chain_counts_as_it_does_for_Go(string how, string? why)
    {
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using X509Certificate2 root = Authority("root", rootKey, how == "path is too long" ? 0 : null)
            .CreateSelfSigned(s_from, how == "root has ended" ? s_now.AddDays(-1) : s_to);
        CertificateRequest middleRequest =
            how == "middle has no basic constraints"
                ? new CertificateRequest("CN=middle", middleKey, HashAlgorithmName.SHA256)
                : Authority("middle", middleKey, null, how != "middle is no authority", how != "middle may not sign");
        if (how is "middle is for servers" or "middle is for any use")
        {
            middleRequest.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension(
                    [new Oid(how == "middle is for servers" ? "1.3.6.1.5.5.7.3.1" : "2.5.29.37.0")],
                    false
                )
            );
        }

        if (how.EndsWith("extension", StringComparison.Ordinal))
        {
            middleRequest.CertificateExtensions.Add(
                new X509Extension("1.2.3.4", [5, 0], how.Contains("critical", StringComparison.Ordinal))
            );
        }

        Certificate middle = Issue(
            middleRequest,
            root,
            rootKey,
            to: how == "middle has ended" ? s_now.AddDays(-1) : s_to
        );
        if (how == "path is too long")
        {
            // One more between, which the root's length 0 leaves no place for.
            using X509Certificate2 between = X509CertificateLoader.LoadCertificate(middle.Der.Span);
            Certificate lower = Issue(Authority("lower", otherKey, null), between, middleKey);
            using X509Certificate2 lowest = X509CertificateLoader.LoadCertificate(lower.Der.Span);
            Judged(
                why,
                Issue(new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256), lowest, otherKey),
                [Read(root)],
                [middle, lower]
            );
            return;
        }

        using X509Certificate2 parent = X509CertificateLoader.LoadCertificate(middle.Der.Span);
        Certificate leaf = Issue(
            new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256),
            parent,
            how == "same name, other key" ? otherKey : middleKey,
            to: how == "leaf has ended" ? s_now.AddDays(-1) : s_to
        );

        Judged(
            why,
            leaf,
            how == "middle is a root" ? [middle]
                : how == "leaf is a root" ? [leaf]
                : [Read(root)],
            how is "middle is missing" or "middle is a root" ? [] : [middle]
        );
    }

    [Fact]
    public void Authorities_that_certify_each_other_end()
    {
        using ECDsa a = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa b = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 ofA = Authority("a", a, null).CreateSelfSigned(s_from, s_to);
        using X509Certificate2 ofB = Authority("b", b, null).CreateSelfSigned(s_from, s_to);
        Certificate[] crossed = [Issue(Authority("a", a, null), ofB, b), Issue(Authority("b", b, null), ofA, a)];

        Judged(
            "no trusted certificate",
            Issue(new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256), ofA, a),
            [],
            crossed
        );
    }

    [Fact]
    public void Many_authorities_of_one_name_are_tried_up_to_a_bound()
    {
        using ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        List<Certificate> all = [];
        X509Certificate2? last = null;
        for (int i = 0; i < 12; i++)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            last?.Dispose();
            last = Authority("same", key, null).CreateSelfSigned(s_from, s_to);
            all.AddRange(Enumerable.Repeat(Read(last), 12));
        }

        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Certificate leaf = Issue(new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256), last!, stranger);
        last!.Dispose();

        Judged("too many certificates", leaf, [], all);
    }

    [Theory]
    [InlineData("a.example.com", "a.example.com", true)]
    [InlineData("*.example.com", "a.example.com", true)]
    [InlineData("*.example.com", "A.EXAMPLE.COM", true)]
    [InlineData("*.example.com", "a.b.example.com", false)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("a*.example.com", "ab.example.com", false)]
    [InlineData("a.*.com", "a.example.com", false)]
    [InlineData("*", "localhost", false)]
    [InlineData("example.com", "a.example.com", false)]
    public void Hosts_are_compared_as_browsers_do(string name, string host, bool holds) =>
        Assert.Equal(holds, new SubjectNames([], [name], [], []).Holds(host));

    [Fact]
    public void A_certificate_of_other_bytes_is_none()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 root = Authority("root", key, null).CreateSelfSigned(s_from, s_to);
        for (int cut = 0; cut < root.RawData.Length; cut += 7)
        {
            Assert.Equal(
                ErrorKind.Policy,
                Assert.Throws<SysctrException>(() => Certificate.Read(root.RawData.AsMemory(0, cut))).Kind
            );
        }

        Assert.Throws<SysctrException>(() => Certificate.Read(new byte[] { 0x30, 0x80, 0, 0 }));
        Assert.Throws<SysctrException>(() => Certificate.Read(root.RawData.Append((byte)0).ToArray()));
    }

    private static void Judged(
        string? why,
        Certificate leaf,
        IReadOnlyList<Certificate> roots,
        IReadOnlyList<Certificate> between
    )
    {
        string? said = null;
        try
        {
            CertificateChain.Check(leaf, roots, between, s_now);
        }
        catch (SysctrException e)
        {
            Assert.Equal(ErrorKind.Policy, e.Kind);
            said = e.Message;
        }

        Assert.Equal(why is null, said is null);
        Assert.Contains(why ?? "", said ?? "", StringComparison.Ordinal);
    }

    private static CertificateRequest Authority(
        string name,
        ECDsa key,
        int? path,
        bool authority = true,
        bool mayEnroll = true
    )
    {
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(authority, path is not null, path ?? 0, true)
        );
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(
                mayEnroll ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature,
                true
            )
        );
        return request;
    }

    private static Certificate Issue(
        CertificateRequest request,
        X509Certificate2 parent,
        ECDsa key,
        DateTimeOffset? to = null
    )
    {
        using X509Certificate2 made = request.Create(
            parent.SubjectName,
            X509SignatureGenerator.CreateForECDsa(key),
            s_from,
            to ?? s_to,
            [1, .. RandomNumberGenerator.GetBytes(8)]
        );
        return Read(made);
    }

    private static Certificate Read(X509Certificate2 certificate) => Certificate.Read(certificate.RawData);
}
