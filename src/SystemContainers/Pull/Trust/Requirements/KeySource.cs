// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

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
            // As a stream, with a bound: what stands there may be a device.
            using FileStream stream = File.OpenRead(Here(file));
            byte[] bytes = new byte[64 << 10];
            using MemoryStream all = new();
            for (int read; (read = stream.Read(bytes)) > 0;)
            {
                all.Write(bytes, 0, read);
                if (all.Length > MaxBytes)
                {
                    throw Unreadable(file, $"it is larger than {MaxBytes} bytes");
                }
            }

            return all.ToArray();
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
