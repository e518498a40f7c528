// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Security.Cryptography;
using SystemContainers.Errors;

namespace SystemContainers.Pull.X509;

/// <summary>
/// An X.509 certificate (RFC 5280) as far as signatures of images are decided by it: read strictly, as DER, without the
/// operating system, whose own store, network and settings would have a say otherwise.
/// </summary>
sealed class Certificate
{
    private const int MaxExtensions = 64;

    private const string KeyUsage = "2.5.29.15";
    private const string SubjectAltName = "2.5.29.17";
    private const string BasicConstraints = "2.5.29.19";
    private const string NamesConstraints = "2.5.29.30";
    private const string ExtendedKeyUsage = "2.5.29.37";

    // Go refuses SHA-1, and RSA-PSS has not been seen here.
    private static readonly Dictionary<string, HashAlgorithmName> s_algorithms = new(StringComparer.Ordinal)
    {
        ["1.2.840.10045.4.3.2"] = HashAlgorithmName.SHA256,
        ["1.2.840.10045.4.3.3"] = HashAlgorithmName.SHA384,
        ["1.2.840.10045.4.3.4"] = HashAlgorithmName.SHA512,
        ["1.2.840.113549.1.1.11"] = HashAlgorithmName.SHA256,
        ["1.2.840.113549.1.1.12"] = HashAlgorithmName.SHA384,
        ["1.2.840.113549.1.1.13"] = HashAlgorithmName.SHA512,
        ["1.3.101.112"] = HashAlgorithmName.SHA512,
    };

    private readonly ReadOnlyMemory<byte> _signed;
    private readonly byte[] _signature;
    private readonly string _algorithm;
    private readonly Dictionary<string, byte[]> _extensions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _critical = new(StringComparer.Ordinal);
    private readonly List<string> _usages = [];
    private readonly NameConstraints? _constraints;
    private readonly int _version;
    private bool _isAuthority;
    private bool _hasBasicConstraints;
    private int? _maxPath;
    private int _keyUsage;

    private Certificate(ReadOnlyMemory<byte> der)
    {
        Der = der;
        AsnReader outer = new(der, AsnEncodingRules.DER);
        AsnReader certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        _signed = certificate.PeekEncodedValue();
        AsnReader body = certificate.ReadSequence();
        ReadOnlyMemory<byte> algorithm = certificate.PeekEncodedValue();
        _algorithm = certificate.ReadSequence().ReadObjectIdentifier();
        _signature = certificate.ReadBitString(out int unused);
        certificate.ThrowIfNotEmpty();
        _version = Version(body);
        SerialNumber = body.ReadIntegerBytes();
        bool same = body.ReadEncodedValue().Span.SequenceEqual(algorithm.Span);
        Issuer = body.PeekEncodedValue();
        _ = body.ReadSequence();
        AsnReader validity = body.ReadSequence();
        NotBefore = Time(validity);
        NotAfter = Time(validity);
        validity.ThrowIfNotEmpty();
        Subject = body.PeekEncodedValue();
        _ = body.ReadSequence();
        Key = VerificationKey.FromSpki(body.ReadEncodedValue());
        SkipUniqueIds(body);
        ReadExtensions(body);
        if (unused != 0 || !same)
        {
            throw new AsnContentException("its signature is of another algorithm inside");
        }

        Names = _extensions.TryGetValue(SubjectAltName, out byte[]? names)
            ? SubjectNames.Read(names)
            : SubjectNames.None;
        HasNames = names is not null;
        _constraints = _extensions.TryGetValue(NamesConstraints, out byte[]? constraints)
            ? NameConstraints.Read(constraints)
            : null;
        ReadBasicConstraints();
        ReadUsages();
    }

    /// <summary>As it was encoded.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>The key that it is about.</summary>
    public VerificationKey Key { get; }

    /// <summary>Whom it is about, as it is encoded.</summary>
    public ReadOnlyMemory<byte> Subject { get; }

    /// <summary>Whose it is, as it is encoded.</summary>
    public ReadOnlyMemory<byte> Issuer { get; }

    /// <summary>Its number among those of its issuer: big-endian, signed.</summary>
    public ReadOnlyMemory<byte> SerialNumber { get; }

    /// <summary>Whether it says that it may sign certificates.</summary>
    public bool IsAuthority => _isAuthority;

    /// <summary>The names by which it is judged.</summary>
    public SubjectNames Names { get; }

    /// <summary>Whether it has a subjectAltName at all.</summary>
    public bool HasNames { get; }

    /// <summary>The first second at which it counts.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>The last second at which it counts.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <exception cref="SysctrException">Policy: it is malformed, or its key is of a kind that nobody signs
    /// with.</exception>
    public static Certificate Read(ReadOnlyMemory<byte> der) =>
        Fault.Reading("the certificate", () => new Certificate(der));

    /// <summary>All blocks of a PEM text, whatever their labels, and nothing else: as sigstore reads what comes with a
    /// signature.</summary>
    /// <exception cref="SysctrException">Policy: something else is there too, or there are more than
    /// <paramref name="most"/>.</exception>
    public static IReadOnlyList<Certificate> ReadAll(string pem, int most)
    {
        List<Certificate> all = [];
        for (ReadOnlySpan<char> rest = pem.AsSpan().Trim(); rest.Length > 0;)
        {
            if (all.Count == most)
            {
                throw Fault.Of($"there are more than {most} certificates");
            }

            all.Add(
                Pem.TryRead(rest, out Pem? block, out rest)
                    ? Read(block.Bytes)
                    : throw Fault.Of("what should be certificates is no PEM text")
            );
        }

        return all;
    }

    /// <summary>
    /// The certificates of an administrator's PEM file: other blocks and malformed certificates are passed over, as
    /// Go's AppendCertsFromPEM does.
    /// </summary>
    /// <exception cref="SysctrException">Policy: there is none.</exception>
    public static IReadOnlyList<Certificate> ReadRoots(string pem)
    {
        List<Certificate> all = [];
        for (ReadOnlySpan<char> rest = pem; Pem.TryRead(rest, out Pem? block, out rest);)
        {
            if (block.Label != "CERTIFICATE")
            {
                continue;
            }

            try
            {
                all.Add(Read(block.Bytes));
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
            {
                // One that nobody can use takes nothing from the others.
            }
        }

        return all.Count > 0 ? all : throw Fault.Of("there is no certificate in it");
    }

    /// <summary>The value of an extension, as it is encoded; null where it is not there.</summary>
    public byte[]? Extension(string oid) => _extensions.GetValueOrDefault(oid);

    /// <summary>Whether a certificate is the same authority: one whose name and key are the same leads nowhere
    /// new.</summary>
    public bool IsSameAs(Certificate other) =>
        Subject.Span.SequenceEqual(other.Subject.Span) && Key.Spki.Span.SequenceEqual(other.Key.Spki.Span);

    /// <summary>Whether what it says of uses of its key, if anything, holds one; null for no word.</summary>
    public bool Allows(string usage) =>
        _usages.Count == 0 || _usages.Contains(usage) || _usages.Contains("2.5.29.37.0");

    /// <summary>Whether it says that its key is for one use and for no other, so that nobody may overlook it
    /// (critical).</summary>
    public bool IsOnlyFor(string usage) =>
        _critical.Contains(ExtendedKeyUsage) && _usages is [{ } only] && only == usage;

    /// <summary>Why another certificate is not signed by this one; null where it is.</summary>
    public string? WhyNotIssuerOf(Certificate child) =>
        (_version == 3 && !_hasBasicConstraints)
        || (_hasBasicConstraints && !_isAuthority)
        || (_keyUsage != 0 && (_keyUsage & 1 << 5) == 0)
            ? "its issuer may not sign certificates"
        : !TryHashOf(child._algorithm, out HashAlgorithmName hash)
            ? $"it is signed with an algorithm that is not verified ({child._algorithm})"
        : !Key.Verifies(child._signed.Span, child._signature, hash)
            ? "it is not signed by the one whom it names as issuer"
        : null;

    /// <summary>Why it does not count at its place in a chain; null where it does.</summary>
    /// <param name="time">When it has to count.</param>
    /// <param name="below">The certificates below it, the leaf first.</param>
    /// <param name="isIntermediate">Whether it stands between leaf and root.</param>
    public string? WhyNotAt(DateTimeOffset time, IReadOnlyList<Certificate> below, bool isIntermediate)
    {
        // Go looks at each certificate so; a subjectAltName of other kinds is one that nobody looked at.
        string? unknown = _critical.FirstOrDefault(c =>
            c switch
            {
                KeyUsage or BasicConstraints or ExtendedKeyUsage or "2.5.29.31" or "2.5.29.32" => false,
                SubjectAltName => Names.IsEmpty && !NamesAreJudged,
                NamesConstraints => _constraints!.HasOthers,
                _ => true,
            }
        );
        return unknown is not null ? $"it has a critical extension that is not known ({unknown})"
            : time < NotBefore ? $"it counts from {NotBefore:u} on, and {time:u} is asked about"
            : time > NotAfter ? $"it counted until {NotAfter:u}, and {time:u} is asked about"
            : isIntermediate && !_isAuthority ? "one between it and the root may not sign certificates"
            : _maxPath is { } most && below.Count - 1 > most ? "the chain is longer than one of it allows"
            : below
                .Where(b => b.HasNames)
                .Select(b => _constraints?.Refused(b.Names))
                .FirstOrDefault(n => n is not null)
                is { } name
                ? $"an issuer may not certify {Redact.Text(name)}"
            : null;
    }

    /// <summary>Whether whoever asks judges the names himself, of whatever kinds they are.</summary>
    public bool NamesAreJudged { get; init; }

    /// <summary>The same, for who judges its names himself.</summary>
    public Certificate JudgingNames() => new(Der) { NamesAreJudged = true };

    /// <summary>The hash that goes with an algorithm of signatures, which is ECDSA or RSA with SHA-2, or Ed25519; false
    /// where it is another one.</summary>
    public static bool TryHashOf(string algorithm, out HashAlgorithmName hash) =>
        s_algorithms.TryGetValue(algorithm, out hash);

    private static int Version(AsnReader body)
    {
        Asn1Tag tag = new(TagClass.ContextSpecific, 0, isConstructed: true);
        if (body.PeekTag() != tag)
        {
            return 1;
        }

        AsnReader inner = body.ReadSequence(tag);
        int version =
            inner.TryReadInt32(out int number) && number is >= 0 and <= 2
                ? number + 1
                : throw new AsnContentException("it is of another version");
        inner.ThrowIfNotEmpty();
        return version;
    }

    private static DateTimeOffset Time(AsnReader validity) =>
        validity.PeekTag() == Asn1Tag.UtcTime ? validity.ReadUtcTime() : validity.ReadGeneralizedTime();

    private static void SkipUniqueIds(AsnReader body)
    {
        foreach (int id in (int[])[1, 2])
        {
            if (body.HasData && body.PeekTag() is { TagClass: TagClass.ContextSpecific } tag && tag.TagValue == id)
            {
                body.ReadEncodedValue();
            }
        }
    }

    private void ReadExtensions(AsnReader body)
    {
        if (!body.HasData)
        {
            return;
        }

        AsnReader wrapped = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3, isConstructed: true));
        body.ThrowIfNotEmpty();
        AsnReader list = wrapped.ReadSequence();
        wrapped.ThrowIfNotEmpty();
        while (list.HasData)
        {
            AsnReader extension = list.ReadSequence();
            string oid = extension.ReadObjectIdentifier();
            if (extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean())
            {
                _critical.Add(oid);
            }

            byte[] value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (!_extensions.TryAdd(oid, value) || _extensions.Count > MaxExtensions)
            {
                throw new AsnContentException("an extension stands twice, or there are too many");
            }
        }
    }

    private void ReadBasicConstraints()
    {
        if (!_extensions.TryGetValue(BasicConstraints, out byte[]? value))
        {
            return;
        }

        AsnReader outer = new(value, AsnEncodingRules.DER);
        AsnReader constraints = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        _hasBasicConstraints = true;
        _isAuthority = constraints.HasData && constraints.PeekTag() == Asn1Tag.Boolean && constraints.ReadBoolean();
        if (constraints.HasData)
        {
            _maxPath =
                constraints.TryReadInt32(out int most) && most >= 0
                    ? most
                    : throw new AsnContentException("a length is negative");
        }

        constraints.ThrowIfNotEmpty();
    }

    private void ReadUsages()
    {
        if (_extensions.TryGetValue(KeyUsage, out byte[]? usage))
        {
            byte[] bits = new AsnReader(usage, AsnEncodingRules.DER).ReadBitString(out _);
            for (int bit = 0; bit < Math.Min(9, bits.Length * 8); bit++)
            {
                _keyUsage |= (bits[bit / 8] & 0x80 >> bit % 8) != 0 ? 1 << bit : 0;
            }
        }

        if (_extensions.TryGetValue(ExtendedKeyUsage, out byte[]? extended))
        {
            AsnReader outer = new(extended, AsnEncodingRules.DER);
            for (AsnReader list = outer.ReadSequence(); list.HasData;)
            {
                _usages.Add(list.ReadObjectIdentifier());
            }

            outer.ThrowIfNotEmpty();
        }
    }
}
