// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace SystemContainers.Store;

/// <summary>
/// A file below <c>staging/ID/objects</c>. They are spread over several directories: writers that make files in the
/// same one wait for its lock in turn, and on two cores burn most of their time so.
/// </summary>
/// <param name="Number">From 1, in the order in which they were made.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct StagedFile(long Number)
{
    /// <summary>Over how many directories they are spread.</summary>
    public const int Directories = 16;

    /// <summary>Bytes that any path needs, with the final zero.</summary>
    public const int PathSize = 24;

    /// <summary>The name of one of the directories.</summary>
    public static string DirectoryName(int index) => ((char)('a' + index)).ToString();

    /// <summary>Writes <c>c/123</c> and a zero.</summary>
    public void WritePath(Span<byte> path)
    {
        path[0] = (byte)('a' + (Number % Directories));
        path[1] = (byte)'/';
        Utf8Formatter.TryFormat(Number, path[2..], out int length);
        path[2 + length] = 0;
    }
}
