// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Security.Cryptography;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Timestamps;

/// <summary>
/// A message of CMS (RFC 5652, SignedData) by one signer, who signs attributes of it, one of which is its hash: the
/// frame of a timestamp. Read strictly, as DER, and no more of it than timestamps need; a library's parser would bring
/// 1.3 MB of other algorithms into the program.
/// </summary>
sealed class SignedData
{
    private const int MaxCertificates = 16;
    private const int MaxAttributes = 32;

    private const string SignedDataType = "1.2.840.113549.1.7.2";
    private const string ContentTypeAttribute = "1.2.840.113549.1.9.3";
    private const string MessageDigestAttribute = "1.2.840.113549.1.9.4";
    private const string SigningTimeAttribute = "1.2.840.113549.1.9.5";
    private const string SigningCertificateAttribute = "1.2.840.113549.1.9.16.2.12";
    private const string SigningCertificateV2Attribute = "1.2.840.113549.1.9.16.2.47";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    private static readonly Dictionary<string, HashAlgorithmName> s_hashes = new(StringComparer.Ordinal)
    {
        ["2.16.840.1.101.3.4.2.1"] = HashAlgorithmName.SHA256,
        ["2.16.840.1.101.3.4.2.2"] = HashAlgorithmName.SHA384,
        ["2.16.840.1.101.3.4.2.3"] = HashAlgorithmName.SHA512,
    };

    private readonly ReadOnlyMemory<byte> _issuer;
    private readonly ReadOnlyMemory<byte> _serialNumber;
    private readonly HashAlgorithmName _hash;
    private readonly HashAlgorithmName _signatureHash;
    private readonly byte[] _signed;
    private readonly byte[] _signature;
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _attributes = new(StringComparer.Ordinal);

    private SignedData(ReadOnlyMemory<byte> der)
    {
        AsnReader outer = new(der, AsnEncodingRules.DER);
        AsnReader info = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        if (info.ReadObjectIdentifier() != SignedDataType)
        {
            throw new AsnContentException("it is no signed message");
        }

        AsnReader explicitData = info.ReadSequence(Tagged(0));
        info.ThrowIfNotEmpty();
        AsnReader data = explicitData.ReadSequence();
        explicitData.ThrowIfNotEmpty();
        _ = data.ReadInteger();
        _ = data.ReadSetOf(skipSortOrderValidation: true);
        AsnReader content = data.ReadSequence();
        ContentType = content.ReadObjectIdentifier();
        AsnReader explicitContent = content.ReadSequence(Tagged(0));
        content.ThrowIfNotEmpty();
        Content = explicitContent.ReadOctetString();
        explicitContent.ThrowIfNotEmpty();
        Certificates = data.PeekTag() == Tagged(0) ? ReadCertificates(data) : [];
        if (data.PeekTag() == Tagged(1))
        {
            _ = data.ReadEncodedValue();
        }

        AsnReader signers = data.ReadSetOf(skipSortOrderValidation: true);
        data.ThrowIfNotEmpty();
        AsnReader signer = signers.ReadSequence();
        if (signers.HasData)
        {
            throw new AsnContentException("it has more than one signer");
        }

        _ = signer.ReadInteger();
        AsnReader name = signer.ReadSequence();
        _issuer = name.PeekEncodedValue();
        _ = name.ReadSequence();
        _serialNumber = name.ReadIntegerBytes();
        name.ThrowIfNotEmpty();
        _hash = HashOf(signer.ReadSequence().ReadObjectIdentifier());
        _signed = signer.PeekEncodedValue().ToArray();
        ReadAttributes(signer.ReadSetOf(skipSortOrderValidation: true, Tagged(0)));

        // What is signed is the set as such, not as a member of something (RFC 5652, 5.4).
        _signed[0] = 0x31;
        string algorithm = signer.ReadSequence().ReadObjectIdentifier();
        _signatureHash =
            algorithm == RsaEncryption ? _hash
            : Certificate.TryHashOf(algorithm, out HashAlgorithmName hash) ? hash
            : throw Fault.Of($"it is signed with an algorithm that is not verified ({algorithm})");
        _signature = signer.ReadOctetString();
        if (signer.HasData)
        {
            // Attributes that nobody has signed.
            _ = signer.ReadSetOf(skipSortOrderValidation: true, Tagged(1));
        }

        signer.ThrowIfNotEmpty();
    }

    /// <summary>The type of <see cref="Content"/>, which is signed too.</summary>
    public string ContentType { get; }

    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>The certificates that came with it, those of them that can be read.</summary>
    public IReadOnlyList<Certificate> Certificates { get; }

    /// <summary>Reads one. Nothing of it is verified then.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it is malformed, or signed in a way that is not
    /// known.</exception>
    public static SignedData Read(ReadOnlyMemory<byte> der) =>
        Fault.Reading("the timestamp", () => new SignedData(der));

    /// <summary>The hash of an algorithm of digests, which is one of SHA-2.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it is another one.</exception>
    public static HashAlgorithmName HashOf(string algorithm) =>
        s_hashes.TryGetValue(algorithm, out HashAlgorithmName hash)
            ? hash
            : throw Fault.Of($"it has a hash that is not SHA-2 ({algorithm})");

    /// <summary>Whether a certificate is the one that it names as the signer's.</summary>
    public bool Names(Certificate certificate) =>
        certificate.Issuer.Span.SequenceEqual(_issuer.Span)
        && certificate.SerialNumber.Span.SequenceEqual(_serialNumber.Span);

    /// <summary>Whether it names a certificate as the signer's issuer.</summary>
    public bool NamesIssuer(Certificate certificate) => certificate.Subject.Span.SequenceEqual(_issuer.Span);

    /// <summary>Throws unless a certificate's key has signed it, as that certificate's.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it has not.</exception>
    public void Check(Certificate signer) => Fault.Reading("what is signed of the timestamp", () => Checked(signer));

    private bool Checked(Certificate signer)
    {
        if (new AsnReader(Attribute(ContentTypeAttribute), AsnEncodingRules.DER).ReadObjectIdentifier() != ContentType)
        {
            throw Fault.Of("it is signed as something else than it is");
        }

        if (
            !CryptographicOperations
                .HashData(_hash, Content.Span)
                .AsSpan()
                .SequenceEqual(new AsnReader(Attribute(MessageDigestAttribute), AsnEncodingRules.DER).ReadOctetString())
        )
        {
            throw Fault.Of("what is signed is another one");
        }

        if (!IsBoundTo(signer))
        {
            throw Fault.Of("it is bound to another certificate than its signer's");
        }

        if (
            _attributes.TryGetValue(SigningTimeAttribute, out ReadOnlyMemory<byte> encoded)
            && Time(encoded) is var time
            && (time < signer.NotBefore || time > signer.NotAfter)
        )
        {
            throw Fault.Of($"it was signed at {time:u}, when its certificate did not count");
        }

        return signer.Key.Verifies(_signed, _signature, _signatureHash)
            ? true
            : throw Fault.Of("it is not signed by the key of its certificate");
    }

    // ESSCertIDv2 (RFC 5035), or its predecessor with SHA-1 (RFC 2634), which says only which certificate is meant: the
    // key is verified with either way.
    private bool IsBoundTo(Certificate signer)
    {
        bool isNew = _attributes.TryGetValue(SigningCertificateV2Attribute, out ReadOnlyMemory<byte> value);
        AsnReader outer = new(isNew ? value : Attribute(SigningCertificateAttribute), AsnEncodingRules.DER);
        AsnReader first = outer.ReadSequence().ReadSequence().ReadSequence();
        HashAlgorithmName hash =
            !isNew ? HashAlgorithmName.SHA1
            : first.PeekTag() == Asn1Tag.Sequence ? HashOf(first.ReadSequence().ReadObjectIdentifier())
            : HashAlgorithmName.SHA256;
        return CryptographicOperations.HashData(hash, signer.Der.Span).AsSpan().SequenceEqual(first.ReadOctetString());
    }

    private ReadOnlyMemory<byte> Attribute(string oid) =>
        _attributes.TryGetValue(oid, out ReadOnlyMemory<byte> value)
            ? value
            : throw Fault.Of($"it has no signed attribute {oid}, which every timestamp has");

    private static DateTimeOffset Time(ReadOnlyMemory<byte> encoded)
    {
        AsnReader reader = new(encoded, AsnEncodingRules.DER);
        return reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
    }

    private static List<Certificate> ReadCertificates(AsnReader data)
    {
        List<Certificate> all = [];
        int count = 0;
        for (AsnReader list = data.ReadSetOf(skipSortOrderValidation: true, Tagged(0)); list.HasData;)
        {
            if (++count > MaxCertificates)
            {
                throw new AsnContentException("it has too many certificates");
            }

            ReadOnlyMemory<byte> der = list.ReadEncodedValue();
            try
            {
                all.Add(Certificate.Read(der));
            }
            catch (Errors.SysctrException e) when (e.Kind == Errors.ErrorKind.Policy)
            {
                // One that nobody can use; where it is the signer's, the signer has none.
            }
        }

        return all;
    }

    private void ReadAttributes(AsnReader list)
    {
        while (list.HasData)
        {
            AsnReader attribute = list.ReadSequence();
            string oid = attribute.ReadObjectIdentifier();
            AsnReader values = attribute.ReadSetOf(skipSortOrderValidation: true);
            attribute.ThrowIfNotEmpty();
            ReadOnlyMemory<byte> value = values.ReadEncodedValue();
            if (values.HasData || !_attributes.TryAdd(oid, value) || _attributes.Count > MaxAttributes)
            {
                throw new AsnContentException("a signed attribute stands twice, or there are too many");
            }
        }
    }

    private static Asn1Tag Tagged(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);
}
