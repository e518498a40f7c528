// SPDX-License-Identifier: Apache-2.0

using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace SystemContainers.Pull.OpenPgp;

/// <summary>
/// What the owner of a primary key says about it and its subkeys, in signatures that the key itself has made (RFC 4880,
/// 5.2.1 and 5.2.3.3): for what they are, until when, and whether they were taken back. Read as gpg does (g10/getkey.c,
/// merge_selfsigs).
/// </summary>
sealed class KeyOwner
{
    private const int Signs = 0x02;

    private readonly List<PgpPublicKeyRing> _copies;
    private readonly PgpPublicKey _primary;
    private readonly IReadOnlyList<PgpPublicKey> _others;

    private KeyOwner(List<PgpPublicKeyRing> copies, IReadOnlyList<PgpPublicKey> others)
    {
        _copies = copies;
        _primary = copies[0].GetPublicKey();
        _others = others;
    }

    /// <summary>The keys of an owner; none where nobody's name is bound to the primary one, for then gpg does not
    /// import it.</summary>
    /// <param name="copies">The same key from several places.</param>
    /// <param name="others">All keys that there are: one of them may revoke this one, where its owner says so.</param>
    public static IEnumerable<SigningKey> Judge(List<PgpPublicKeyRing> copies, IReadOnlyList<PgpPublicKey> others) =>
        new KeyOwner(copies, others).Judge();

    private List<SigningKey> Judge()
    {
        PgpSignature[] ofKey =
        [
            .. Of(_primary)
                .SelectMany(k => k.GetKeySignatures())
                .Where(s => s.SignatureType == PgpSignature.DirectKey && IsOfKey(s)),
        ];
        PgpSignature[] ofNames = [.. Of(_primary).SelectMany(Names).Where(s => !IsOver(s))];
        if (ofNames.Length == 0)
        {
            return [];
        }

        // What is said of the key itself goes before what is said with a name; of it only the last word counts.
        PgpSignature[] newest =
        [
            .. ofKey.Where(s => !IsOver(s)).OrderByDescending(s => s.CreationTime).Take(1),
            .. ofNames.OrderByDescending(s => s.CreationTime),
        ];
        PgpSignature[] revocations =
        [
            .. Of(_primary).SelectMany(k => k.GetSignaturesOfType(PgpSignature.KeyRevocation)),
        ];
        string? revoked =
            revocations.Any(s => Holds(s, _primary, s.VerifyCertification)) ? "the key is revoked"
            : Revokers(ofKey).Any(by => revocations.Any(s => Holds(s, by, _ => s.VerifyCertification(_primary))))
                ? "the key is revoked by a key that its owner named for it"
            : null;
        DateTime? expires = Ends(_primary, Array.Find(newest, s => Seconds(s) > 0));
        PgpSignature? flags = Array.Find(newest, s => Flags(s) is not null);
        string signer = OpenPgpKeyring.Fingerprint(_primary);
        List<SigningKey> keys =
        [
            new(_primary, signer, expires, revoked ?? (MaySign(_primary, flags) ? null : "the key is not for signing")),
        ];
        keys.AddRange(
            _copies
                .SelectMany(c => c.GetPublicKeys())
                .Where(k => !k.IsMasterKey)
                .GroupBy(OpenPgpKeyring.Fingerprint, StringComparer.Ordinal)
                .Select(g => Subkey(g.First(), signer, expires, revoked))
        );
        return keys;
    }

    private SigningKey Subkey(PgpPublicKey subkey, string signer, DateTime? ends, string? revoked)
    {
        PgpPublicKey[] all = [.. Of(subkey)];
        PgpSignature? binding = all.SelectMany(k => k.GetSignaturesOfType(PgpSignature.SubkeyBinding))
            .Where(s => !IsOver(s) && Holds(s, _primary, key => s.VerifyCertification(key, subkey)))
            .MaxBy(s => s.CreationTime);
        bool takenBack = all.SelectMany(k => k.GetSignaturesOfType(PgpSignature.SubkeyRevocation))
            .Any(s => Holds(s, _primary, key => s.VerifyCertification(key, subkey)));
        DateTime? expires = Ends(subkey, binding);
        string? fault =
            revoked is not null ? "the primary key is revoked"
            : binding is null ? "the subkey is not bound to its primary key"
            : takenBack ? "the subkey is revoked"
            : !MaySign(subkey, binding) ? "the subkey is not for signing"
            : !IsCrossCertified(subkey, binding) ? "the subkey has not signed that it belongs to its primary key"
            : null;
        return new SigningKey(subkey, signer, expires is null || ends < expires ? ends : expires, fault);
    }

    /// <summary>
    /// Whether a signature is one directly over the primary key, by itself (RFC 4880, 5.2.4: 0x99, the length, the
    /// packet). BouncyCastle's own check refuses this type without looking at it.
    /// </summary>
    private bool IsOfKey(PgpSignature signature) =>
        Holds(
            signature,
            _primary,
            key =>
            {
                byte[] body = key.PublicKeyPacket.GetEncodedContents();
                signature.Update(0x99, (byte)(body.Length >> 8), (byte)body.Length);
                signature.Update(body);
                return signature.Verify();
            }
        );

    /// <summary>The keys whose revocation of this one counts as its owner's (RFC 4880, 5.2.3.15), as far as they are
    /// there. Once named they stay it, also behind a newer signature, as for gpg.</summary>
    private IEnumerable<PgpPublicKey> Revokers(PgpSignature[] ofKey)
    {
        // A class with its highest bit set, an algorithm, a fingerprint.
        HashSet<string> named =
        [
            .. ofKey
                .SelectMany(s => s.GetHashedSubPackets()?.GetSubpackets(SignatureSubpacketTag.RevocationKey) ?? [])
                .Select(p => p.GetData())
                .Where(d => d.Length == 22 && (d[0] & 0x80) != 0)
                .Select(d => Convert.ToHexString(d.AsSpan(2))),
        ];
        return named.Count == 0 ? [] : _others.Where(k => named.Contains(OpenPgpKeyring.Fingerprint(k)));
    }

    /// <summary>Attack: somebody else's subkey bound to one's own primary key, so that what was signed with it seems
    /// one's own. So it signs back (RFC 4880, 5.2.1, 0x19).</summary>
    private bool IsCrossCertified(PgpPublicKey subkey, PgpSignature binding)
    {
        IEnumerable<PgpSignature> embedded = new[] { binding.GetHashedSubPackets(), binding.GetUnhashedSubPackets() }
            .Where(v => v is not null)
            .Select(v => v!.GetEmbeddedSignatures())
            .SelectMany(l => Enumerable.Range(0, l.Count).Select(i => l[i]));
        return embedded.Any(s =>
            s.SignatureType == PgpSignature.PrimaryKeyBinding
            && !IsOver(s)
            && IsSound(s)
            && Attempt(() =>
            {
                s.InitVerify(subkey);
                return s.VerifyCertification(_primary, subkey);
            })
        );
    }

    /// <summary>Signatures by which the owner binds names and pictures to the key.</summary>
    private IEnumerable<PgpSignature> Names(PgpPublicKey key)
    {
        foreach (string name in key.GetUserIds())
        {
            foreach (PgpSignature signature in key.GetSignaturesForId(name) ?? [])
            {
                if (
                    signature.IsCertification()
                    && Holds(signature, _primary, k => signature.VerifyCertification(name, k))
                )
                {
                    yield return signature;
                }
            }
        }
    }

    private IEnumerable<PgpPublicKey> Of(PgpPublicKey key) =>
        _copies
            .SelectMany(c => c.GetPublicKeys())
            .Where(k => k.KeyId == key.KeyId && OpenPgpKeyring.Fingerprint(k) == OpenPgpKeyring.Fingerprint(key));

    private static bool Holds(PgpSignature signature, PgpPublicKey by, Func<PgpPublicKey, bool> verify) =>
        signature.KeyId == by.KeyId
        && IsSound(signature)
        && Attempt(() =>
        {
            signature.InitVerify(by);
            return verify(by);
        });

    /// <summary>MD5 is no proof of anything since 2004.</summary>
    private static bool IsSound(PgpSignature signature) =>
        signature.Version is 3 or 4 && signature.HashAlgorithm is not HashAlgorithmTag.MD5;

    private static bool Attempt(Func<bool> verify)
    {
        try
        {
            return verify();
        }
        catch (Exception e) when (OpenPgpKeyring.IsOfBytes(e))
        {
            return false;
        }
    }

    private static bool IsOver(PgpSignature signature) =>
        signature.GetHashedSubPackets()?.GetSignatureExpirationTime() is > 0 and long seconds
        && signature.CreationTime.AddSeconds(seconds) <= DateTime.UtcNow;

    private static bool MaySign(PgpPublicKey key, PgpSignature? signature) =>
        Flags(signature) is { } flags
            ? (flags & Signs) != 0
            : key.Algorithm
                is not (
                    PublicKeyAlgorithmTag.RsaEncrypt
                    or PublicKeyAlgorithmTag.ElGamalEncrypt
                    or PublicKeyAlgorithmTag.ECDH
                );

    private static int? Flags(PgpSignature? signature) =>
        signature?.GetHashedSubPackets() is { } packets && packets.HasSubpacket(SignatureSubpacketTag.KeyFlags)
            ? packets.GetKeyFlags()
            : null;

    private static long Seconds(PgpSignature signature) => signature.GetHashedSubPackets()?.GetKeyExpirationTime() ?? 0;

    private static DateTime? Ends(PgpPublicKey key, PgpSignature? signature) =>
        signature is not null && Seconds(signature) is > 0 and long seconds
            ? key.CreationTime.AddSeconds(seconds)
            : null;
}
