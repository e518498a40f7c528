// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>A reader of bytes that others wrote, with what has to hold whatever they are.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Kinds">How it may refuse.</param>
/// <param name="Seeds">Documents that it reads.</param>
/// <param name="Read">Reads one and checks what was read; throws <see cref="InvalidOperationException"/> where that is
/// wrong.</param>
sealed record FuzzTarget(string Name, IReadOnlyList<ErrorKind> Kinds, IReadOnlyList<byte[]> Seeds, Action<byte[]> Read)
{
    /// <summary>Puts right what no reader looks behind, such as a checksum, in a document that was changed; it may
    /// change it in place.</summary>
    public Action<byte[]> Mend { get; init; } = _ => { };

    /// <summary>What may be allocated for one document, in bytes, beside a thousand for each of its own: beyond lies a
    /// document that fells its reader.</summary>
    public long MaxAllocated { get; init; } = 32 << 20;

    /// <summary>Reads a document.</summary>
    /// <returns>What is wrong with how it ended; null for nothing.</returns>
    public string? Judge(byte[] document)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Read(document);
        }
        catch (SysctrException e)
        {
            if (!Kinds.Contains(e.Kind))
            {
                return $"refuses as {e.Kind}: {e.Message}";
            }

            // What the document says of itself may stand in the message.
            if (
                ForeignWords.Find($"{e.Message} {e.Hint}") is { } word
                && !Encoding.Latin1.GetString(document).Contains(word, StringComparison.Ordinal)
            )
            {
                return $"says '{word}': {e.Message}";
            }
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name}: {e.Message}\n{e.StackTrace}";
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated > MaxAllocated + (1000L * document.Length)
            ? $"takes {allocated} bytes for {document.Length}"
            : null;
    }

    /// <summary>For checks of what was read.</summary>
    public static void Must(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
