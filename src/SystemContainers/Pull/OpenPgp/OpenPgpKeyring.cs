// SPDX-License-Identifier: Apache-2.0

using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace SystemContainers.Pull.OpenPgp;

/// <summary>
/// The keys that may sign, of keyrings as gpg exports them, binary or armoured (RFC 4880, 11.1). What a key may do is
/// what its owner says in valid signatures of its own, as gpg has it: nothing else in a keyring is believed.
/// </summary>
sealed class OpenPgpKeyring
{
    /// <summary>Keys and subkeys in all: no signer has more, and each costs some checks of signatures.</summary>
    private const int MaxKeys = 4096;

    private readonly List<SigningKey> _keys = [];

    private OpenPgpKeyring() { }

    /// <summary>Whether there is no key at all.</summary>
    public bool IsEmpty => _keys.Count == 0;

    /// <summary>Reads keyrings. What is in them and no public key is passed over; of a damaged one what stands before
    /// the damage is read.</summary>
    /// <param name="blobs">Each one or more keyrings, one after another.</param>
    public static OpenPgpKeyring Read(IEnumerable<byte[]> blobs)
    {
        // One key may be in several files, and what one of them says, a revocation, counts for all.
        List<List<PgpPublicKeyRing>> rings =
        [
            .. blobs
                .SelectMany(Rings)
                .Take(MaxKeys)
                .GroupBy(r => Fingerprint(r.GetPublicKey()), StringComparer.Ordinal)
                .Select(g => g.ToList()),
        ];
        PgpPublicKey[] known = [.. rings.SelectMany(c => c[0].GetPublicKeys())];
        OpenPgpKeyring all = new();
        foreach (List<PgpPublicKeyRing> copies in rings)
        {
            try
            {
                all._keys.AddRange(KeyOwner.Judge(copies, known).Take(Math.Max(0, MaxKeys - all._keys.Count)));
            }
            catch (Exception e) when (IsOfBytes(e))
            {
                // Keys of a kind that can't be computed with; nobody's signature counts by them.
            }
        }

        return all;
    }

    /// <summary>The keys with an id (RFC 4880, 12.2): more than one only where somebody made it so.</summary>
    public IReadOnlyList<SigningKey> Find(long id) => [.. _keys.Where(k => k.Key.KeyId == id)];

    /// <summary>What the library throws of bytes that are not what they should be; it documents no end of
    /// them.</summary>
    public static bool IsOfBytes(Exception e) => e is not (OutOfMemoryException or OperationCanceledException);

    /// <summary>As gpg writes it.</summary>
    public static string Fingerprint(PgpPublicKey key) => Convert.ToHexString(key.GetFingerprint());

    private static List<PgpPublicKeyRing> Rings(byte[] blob)
    {
        List<PgpPublicKeyRing> rings = [];
        using MemoryStream stream = new(blob, writable: false);
        try
        {
            // Several armoured blocks may stand in a file; of binary ones the first call reads all.
            while (stream.Position < stream.Length && rings.Count < MaxKeys)
            {
                bool armoured = (blob[stream.Position] & 0x80) == 0;
                Stream decoded = armoured ? new ArmoredInputStream(stream) : stream;
                PgpObjectFactory packets = new(decoded);
                while (packets.NextPgpObject() is { } packet)
                {
                    if (packet is PgpPublicKeyRing ring)
                    {
                        rings.Add(ring);
                    }
                }
            }
        }
        catch (Exception e) when (IsOfBytes(e))
        {
            // What was read before it stays.
        }

        return rings;
    }
}
