// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests.Pull.Sigstore;
using SystemContainers.Tests.Pull.Timestamps;

namespace SystemContainers.Tests.Pull.Statements;

/// <summary>The ways to be right and wrong.</summary>
sealed partial class StampedSamples
{
    public static readonly IReadOnlyList<StampedRow> Rows =
    [
        // Timestamps.
        new("good"),
        new("stamp without its certificates"),
        new("stamp bound by SHA-1"),
        new("stamp of SHA-384"),
        new("stamp of SHA-512"),
        new("TSA RSA"),
        new("TSA second"),
        new("TSA expired since"),
        new("stamp at the last second"),
        new("two stamps of two"),
        new("a stranger's stamp first"),
        new("no stamp at all, and another"),
        new("a stamp too large, and another"),
        new("33 stamps", "more than 32"),
        new("two stamps of one, the second too late"),
        new("no stamp", "no trusted authority for timestamps says when"),
        new("TSA stranger", "https://tsa.example: it is signed with another certificate"),
        new("TSA expired", "when its certificate did not count"),
        new("TSA expired, signed before", "it counted until"),
        new("TSA ended", "the authority did not count"),
        new("TSA for code", "not for timestamps alone"),
        new("TSA for more", "not for timestamps alone"),
        new("TSA for anything", "not for timestamps alone"),
        new("TSA not critical", "not for timestamps alone"),
        new("TSA an authority", "not for timestamps alone"),
        new("TSA below code", "not for timestamps"),
        new("stamp too late", "counted until"),
        new("stamp a second too late", "counted until"),
        new("stamp too early", "counts from"),
        new("two stamps of two, the second too late", "counted until"),
        new("stamp of another signature", "of another signature"),
        new("stamp of SHA-1", "not SHA-2"),
        new("stamp not granted", "not granted"),
        new("stamp with modifications", "not granted"),
        new("altered stamp", "not signed by the key"),
        new("altered time", "what is signed is another one"),
        new("cut stamp", "malformed"),
        new("something behind the stamp", "malformed"),
        new("stamp signed when its certificate did not count", "did not count"),
        new(
            "stamp bound to another certificate",
            "bound to another",
            Stricter: "RFC 3161 wants the certificate bound (ESSCertID), and cosign does not look"
        ),
        new("stamp bound to none", "no signed attribute", Stricter: "as above"),
        new(
            "stamp of another type",
            "no timestamp",
            Stricter: "a signed message of another type is no timestamp, and cosign does not look at the type"
        ),
        new("stamp with a critical extension", "critical extension", Stricter: "what has to be understood is not"),
        // Timestamps beside the first version, or alone.
        new("good", Entries: "v1 proof"),
        new("good", Entries: "v1"),
        new("no stamp", Entries: "v1 promise"),
        new("TSA stranger", Entries: "v1 promise"),
        new("no stamp", "no trusted authority", "v1 proof"),
        new("stamp too late", "counted until", "v1"),
        new("stamp too late", "counted until", "v1 proof"),
        new("good", "says a time when", "v1 proof with a late time"),
        new("good", Entries: "v2 with a time"),
        new("good", "says a time when", "v2 with a late time"),
        new("good", null, "none", "without log"),
        new("no stamp", "no trusted authority", "none", "without log"),
        new("TSA stranger", "signed with another certificate", "none", "without log"),
        new("stamp too late", "counted until", "none", "without log"),
        new("good", "no trusted log", "none"),
        // Rekor's second version.
        new("key on P-384"),
        new("log ECDSA"),
        new("log P-384"),
        new("log RSA"),
        new("other index in the proof"),
        new("other size in the proof"),
        new("no root in the proof"),
        new("witness too"),
        new("witness before"),
        new("good", Entries: "v2, v2 of ECDSA"),
        new("good", Entries: "v2, v2 of a stranger"),
        new("good", Entries: "v1, v2"),
        new("log stranger", "no trusted log"),
        new("log without URL", "does not say where the log is"),
        new(
            "log ended",
            "the log's key did not count",
            Stricter: "cosign does not ask when a log's key counts, where the log says no time"
        ),
        new("good", "of another entry", "v2 of ECDSA, v2 falsified"),
        new("good", "twice", "v2, v2"),
        new("other statement logged", "another document"),
        new("other signature logged", "another signature"),
        new("other signer logged", "another key or certificate"),
        new("signer logged as another kind", "another key or certificate"),
        new("key of another kind logged", "another key or certificate"),
        new("hash of another kind logged", "does not go with the key"),
        new(
            "altered leaf",
            "another document",
            Stricter: "what is shown is no leaf of the tree; cosign makes the leaf of its own accord and does not look"
        ),
        new("body not canonical", "of another entry", Stricter: "as above"),
        new(
            "body of another kind",
            "has only hashedrekord/0.0.2",
            Stricter: "cosign believes the body and not what the bundle says of it"
        ),
        new("other image", "another image"),
        new("cut proof", "shorter than its tree is high"),
        new("long proof", "longer than its tree is high"),
        new("other index", "of another entry"),
        new("index too large", "malformed"),
        new("no proof", "no proof"),
        new("promise too", "makes none"),
        new("other root", "of another entry"),
        new("other size", "shorter than"),
        new("other checkpoint key", "not signed by it"),
        new("other key hint", "not signed by it"),
        new("other name", "not signed by it"),
        new("other origin", "of another log"),
        new("first of two signatures wrong", "not signed by it"),
        new("no signature of the log", "not signed by it"),
        new("malformed signature beside", "malformed"),
        new("checkpoint without root", "malformed"),
        new("checkpoint without end", "malformed"),
        new("checkpoint with a tab", "malformed"),
        // The same by a key, which needs no time.
        new("no stamp", By: "key"),
        new("good", By: "key"),
        new("stamp too late", By: "key"),
        new("other signer logged", "another key or certificate", By: "key"),
        new("other statement logged", "another document", By: "key"),
        new("signer logged as another kind", "another key or certificate", By: "key"),
        new("other checkpoint key", "not signed by it", By: "key"),
        new("cut proof", "shorter", By: "key"),
        new("good", "no trusted log", "none", "key"),
    ];

    private List<byte[]> Stamps(string how, byte[] signature)
    {
        TestStamper tsa = _stampers["tsa"];
        byte[] good = tsa.Stamp(signature, s_time);
        DateTimeOffset late = s_time.AddHours(1);
        return how switch
        {
            "no stamp" => [],
            "TSA expired, signed before" =>
            [
                _stampers["expired"].Stamp(signature, s_time, signedAt: s_before.AddDays(-1)),
            ],
            _ when how.StartsWith("TSA ", StringComparison.Ordinal) => [_stampers[how[4..]].Stamp(signature, s_time)],
            "stamp without its certificates" => [tsa.Stamp(signature, s_time, withCertificates: false)],
            "stamp bound by SHA-1" => [tsa.Stamp(signature, s_time, bound: "SHA-1")],
            "stamp bound to another certificate" => [tsa.Stamp(signature, s_time, bound: "other")],
            "stamp bound to none" => [tsa.Stamp(signature, s_time, bound: "none")],
            "stamp of another type" => [tsa.Stamp(signature, s_time, type: "1.2.840.113549.1.7.1")],
            "stamp with a critical extension" => [tsa.Stamp(signature, s_time, critical: true)],
            "stamp of SHA-1" => [tsa.Stamp(signature, s_time, "SHA1")],
            "stamp of SHA-384" => [tsa.Stamp(signature, s_time, "SHA384")],
            "stamp of SHA-512" => [tsa.Stamp(signature, s_time, "SHA512")],
            "stamp of another signature" => [tsa.Stamp([1, 2, 3], s_time)],
            "stamp not granted" => [tsa.Stamp(signature, s_time, status: 2)],
            "stamp with modifications" => [tsa.Stamp(signature, s_time, status: 1)],
            "stamp too late" => [tsa.Stamp(signature, late)],
            "stamp at the last second" => [tsa.Stamp(signature, s_time.AddMinutes(5))],
            "stamp a second too late" => [tsa.Stamp(signature, s_time.AddMinutes(5).AddSeconds(1))],
            "stamp too early" => [tsa.Stamp(signature, s_time.AddHours(-1))],
            "stamp signed when its certificate did not count" =>
            [
                _stampers["expired since"].Stamp(signature, s_time, signedAt: s_time.AddDays(2)),
            ],
            "altered stamp" => [Altered(good, good.Length - 1)],
            "altered time" => [Altered(good, good.AsSpan().IndexOf("20260601120000Z"u8) + 13)],
            "cut stamp" => [good[..^1]],
            "something behind the stamp" =>
            [
                [.. good, 0],
            ],
            "two stamps of two" => [good, _stampers["second"].Stamp(signature, s_time.AddMinutes(1))],
            "two stamps of two, the second too late" => [good, _stampers["second"].Stamp(signature, late)],
            "two stamps of one, the second too late" => [good, tsa.Stamp(signature, late)],
            "a stranger's stamp first" => [_stampers["stranger"].Stamp(signature, late), good],
            "no stamp at all, and another" =>
            [
                [0],
                good,
            ],
            "a stamp too large, and another" => [new byte[70_000], good],
            "33 stamps" => [.. Enumerable.Repeat(good, 33)],
            _ => [good],
        };
    }

    private static byte[] Altered(byte[] bytes, int at)
    {
        byte[] altered = [.. bytes];
        altered[at] ^= 1;
        return altered;
    }

    // The entry is the second of three leaves.
    private string Entry(string how, string body)
    {
        TestTiles log =
            _logs.GetValueOrDefault(how.StartsWith("log ", StringComparison.Ordinal) ? how[4..] : how) ?? _logs["log"];
        (byte[] left, byte[] right, byte[] root) = Tree(body);
        byte[][] hashes = how switch
        {
            "cut proof" => [left],
            "long proof" => [left, right, right],
            _ => [left, right],
        };
        long index = how switch
        {
            "other index" => 0,
            "index too large" => 3,
            _ => 1,
        };
        string proof =
            how == "no proof"
                ? ""
                : Proof(
                    how == "other index in the proof" ? 2 : index,
                    root,
                    how == "other size in the proof" ? 9 : 3,
                    hashes,
                    Note(how, log, how == "other root" ? [.. left] : root)
                );
        if (how == "no root in the proof")
        {
            proof = proof.Replace($"\"rootHash\":\"{Convert.ToBase64String(root)}\",", "", StringComparison.Ordinal);
        }

        string shown = how switch
        {
            "altered leaf" => body.Replace("\"digest\":\"", "\"digest\":\"AAAA", StringComparison.Ordinal),
            "body not canonical" => " " + body,
            _ => body,
        };
        return "{\"logIndex\":\""
            + index
            + "\",\"logId\":{\"keyId\":\""
            + Convert.ToBase64String(log.Id)
            + "\"},\"kindVersion\":{\"kind\":\""
            + (how == "body of another kind" ? "dsse" : "hashedrekord")
            + "\",\"version\":\"0.0.2\"}"
            + (
                how.EndsWith("time said", StringComparison.Ordinal)
                    ? ",\"integratedTime\":\"" + s_time.AddHours(how == "time said" ? 0 : 1).ToUnixTimeSeconds() + "\""
                    : ""
            )
            + (
                how == "promise too"
                    ? ",\"inclusionPromise\":{\"signedEntryTimestamp\":\""
                        + Convert.ToBase64String(_first.PromiseBytes(body, s_time))
                        + "\"}"
                    : ""
            )
            + proof
            + ",\"canonicalizedBody\":\""
            + TestLog.Base64(shown)
            + "\"}";
    }

    private string Note(string how, TestTiles log, byte[] root)
    {
        string text = TestTiles.Text(
            how == "other origin" ? "x.example" : log.Origin,
            root,
            how == "other size" ? 9 : 3
        );
        text = how switch
        {
            "checkpoint without root" => text[..(text.TrimEnd('\n').LastIndexOf('\n') + 1)],
            "checkpoint with a tab" => text + "\tmore\n",
            _ => text,
        };
        string line = log.Line(text);
        string witness = _logs["ECDSA"].Line(text, "witness.example");
        return text
            + (how == "checkpoint without end" ? "" : "\n")
            + how switch
            {
                "witness too" => line + witness,
                "witness before" => witness + line,
                "other checkpoint key" => _logs["stranger"].Line(text, id: log.Id),
                "other key hint" => log.Line(text, id: _logs["stranger"].Id),
                "other name" => log.Line(text, "x.example"),
                "first of two signatures wrong" => log.Line(text + "x") + line,
                "no signature of the log" => witness,
                "malformed signature beside" => line + "\u2014 x\n",
                _ => line,
            };
    }
}
