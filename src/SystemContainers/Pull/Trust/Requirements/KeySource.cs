// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Pull.Trust.Requirements;

/// <summary>Keys or certificates that a policy names by file or has in it. Files are read when they are needed, not
/// with the policy.</summary>
/// <param name="Files">Paths, as a message shows them.</param>
/// <param name="Data">The bytes themselves.</param>
/// <param name="Here">Where this process finds a file.</param>
sealed record KeySource(IReadOnlyList<string> Files, IReadOnlyList<byte[]> Data, Func<string, string> Here)
{
    /// <summary>More than any keyring of signers has.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Where they are, for messages.</summary>
    public string Shown => Files.Count > 0 ? string.Join(", ", Files) : "the policy itself";

    /// <summary>All of them, in order.</summary>
    /// <exception cref="SysctrException">Policy: a file can't be read, or is too large.</exception>
    public IReadOnlyList<byte[]> Read() => [.. Files.Select(Read), .. Data];

    private byte[] Read(string file)
    {
        try
        {
            // With a bound, and never waited for: what stands there may be a device or a FIFO.
            return BoundedFile.Read("/", Here(file), MaxBytes) ?? throw new FileNotFoundException();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unreadable(
                file,
                e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message,
                e
            );
        }
    }

    private static SysctrException Unreadable(string file, string why, Exception? inner = null) =>
        new(
            ErrorKind.Policy,
            $"reading the key {Redact.Text(file)} of the policy: {why}",
            "put it there, or correct the policy; see containers-policy.json(5)",
            inner
        );
}
