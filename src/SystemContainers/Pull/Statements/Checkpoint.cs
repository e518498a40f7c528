// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>
/// What a log of Rekor's second version says of its tree (C2SP tlog-checkpoint), in a signed note (C2SP signed-note).
/// The rules are those of Go's golang.org/x/mod/sumdb/note, by which sigstore-go judges: signatures of others, such as
/// witnesses, are passed over; a wrong one of the log's own key is not.
/// </summary>
/// <param name="TreeSize">Leaves of the tree.</param>
sealed record Checkpoint(long TreeSize, byte[] RootHash)
{
    /// <summary>Characters of a note. Each signature that is tried hashes all of its text.</summary>
    internal const int MaxBytes = 1 << 20;

    /// <summary>Lines of signatures.</summary>
    internal const int MaxSignatures = 100;

    private const int KeyIdBytes = 4;

    /// <summary>Reads one that a log has signed.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it is malformed, of another log, or not signed.</exception>
    public static Checkpoint Read(string note, TrustedLog log)
    {
        string origin =
            log.Origin
            ?? throw Fault.Of("the trusted root does not say where the log is (baseUrl), and by that name it signs");
        int end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (note.Length > MaxBytes || end < 0 || !note.EndsWith('\n') || note.Any(c => c < ' ' && c != '\n'))
        {
            throw Fault.Of("the log's checkpoint is malformed");
        }

        string text = note[..(end + 1)];
        CheckSignature(note[(end + 2)..], text, origin, log.Key);
        string[] lines = text.Split('\n');
        if (
            lines.Length < 4
            || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
        )
        {
            throw Fault.Of("the log's checkpoint is malformed");
        }

        return lines[0] == origin
            ? new Checkpoint(size, StrictMembers.Base64(lines[2], "the checkpoint's root"))
            : throw Fault.Of("the log's checkpoint is of another log");
    }

    private static void CheckSignature(string signatures, string text, string origin, VerificationKey key)
    {
        string[] lines = signatures.Length == 0 ? [] : signatures[..^1].Split('\n');
        if (lines.Length > MaxSignatures)
        {
            throw Fault.Of($"the log's checkpoint has more than {MaxSignatures} signatures");
        }

        byte[]? own = null;
        byte[] id = key.NoteId(origin);
        foreach (string line in lines)
        {
            if (
                line.Split(' ') is not ["\u2014", { Length: > 0 } name, { } packed]
                || name.Any(c => char.IsWhiteSpace(c) || c == '+')
                || StrictMembers.Base64(packed, "the checkpoint's signature") is not { Length: > KeyIdBytes } signature
            )
            {
                throw Fault.Of("a signature of the log's checkpoint is malformed");
            }

            own ??=
                name == origin && signature.AsSpan(0, KeyIdBytes).SequenceEqual(id.AsSpan(0, KeyIdBytes))
                    ? signature[KeyIdBytes..]
                    : null;
        }

        if (own is null || !key.Verifies(Encoding.UTF8.GetBytes(text), own, key.UsualHash))
        {
            throw Fault.Of("the log's checkpoint is not signed by it");
        }
    }
}
