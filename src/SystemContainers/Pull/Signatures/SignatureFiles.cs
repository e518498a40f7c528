// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Pull.Trust.Signatures;

namespace SystemContainers.Pull.Signatures;

/// <summary>Signatures that have a number each, from 1 until there is none: all of them, within limits.</summary>
/// <param name="doing">"looking for signatures of X", for messages.</param>
sealed class SignatureFiles(string doing)
{
    /// <summary>As many as containers/image takes: a storage that always has one more is broken.</summary>
    private const int MaxSignatures = 128;

    /// <param name="read">The bytes of one; null where it is not there.</param>
    /// <param name="place">Where that of a number is.</param>
    /// <param name="budget">What all of them may have.</param>
    /// <exception cref="SysctrException">Policy: one is none, or there are too many; Unsafe: they are too large; what
    /// <paramref name="read"/> throws.</exception>
    public async Task<IReadOnlyList<ImageSignature>> AllAsync(
        Func<string, Task<byte[]?>> read,
        Func<int, string> place,
        SignatureBudget budget
    )
    {
        List<ImageSignature> signatures = [];
        for (int number = 1; ; number++)
        {
            if (number > MaxSignatures)
            {
                throw new SysctrException(
                    ErrorKind.Policy,
                    $"{doing}: there are more than {MaxSignatures} of them",
                    "a storage that has one for each number is misconfigured"
                );
            }

            string there = place(number);
            if (await read(there) is not { } blob)
            {
                return signatures;
            }

            budget.Take(blob.Length);
            signatures.Add(
                SignatureBlob.Parse(
                    Uri.TryCreate(there, UriKind.Absolute, out Uri? address) && !address.IsFile
                        ? Redact.Url(address)
                        : Redact.Text(there),
                    blob
                )
            );
        }
    }

    /// <summary>A file; null where it is not there.</summary>
    /// <exception cref="SysctrException">Policy: it can't be read, or is too large.</exception>
    public byte[]? Read(string path)
    {
        try
        {
            // open(2) would take what stands before a zero for the path.
            return path.Contains('\0', StringComparison.Ordinal)
                ? throw Unreadable(path, "it is no path")
                : BoundedFile.Read("/", path, SignatureBlob.MaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unreadable(path, e.Message, e);
        }
    }

    private SysctrException Unreadable(string path, string why, Exception? inner = null) =>
        new(
            ErrorKind.Policy,
            $"{doing}: {Redact.Text(path)}: {why}",
            "policy.json wants a signature, and this may be one",
            inner
        );
}
