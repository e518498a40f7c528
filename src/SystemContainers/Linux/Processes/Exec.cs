// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>execve(2).</summary>
static unsafe class Exec
{
    /// <summary>Becomes another program, with the environment as it is now; returns only by throwing.</summary>
    /// <exception cref="SysctrException">Host: it can't be executed.</exception>
    public static int Replace(IReadOnlyList<string> command)
    {
        // .NET keeps the environment for itself; the C library's own copy would be the one that we were started with.
        string[] environment =
        [
            .. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(v => $"{v.Key}={v.Value}"),
        ];
        byte** arguments = Vector(command);
        _ = Libc.execve(arguments[0], arguments, Vector(environment));
        throw new SysctrException(
            ErrorKind.Host,
            $"executing {command[0]}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}"
        );
    }

    /// <summary>
    /// As <see cref="Replace"/>, for a program that a person sees: SIGPIPE, which .NET ignores and execve would leave
    /// ignored, ends it again where its reader has gone.
    /// </summary>
    public static int ReplaceInForeground(IReadOnlyList<string> command)
    {
        _ = Libc.signal(Libc.SIGPIPE, Libc.SIG_DFL);
        return Replace(command);
    }

    /// <summary>A null-terminated array of null-terminated strings; not freed, for the process ends one way or the
    /// other.</summary>
    private static byte** Vector(IReadOnlyList<string> strings)
    {
        byte** vector = (byte**)NativeMemory.AllocZeroed((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < strings.Count; i++)
        {
            int size = Encoding.UTF8.GetByteCount(strings[i]);
            vector[i] = (byte*)NativeMemory.AllocZeroed((nuint)size + 1);
            Encoding.UTF8.GetBytes(strings[i], new Span<byte>(vector[i], size));
        }

        return vector;
    }
}
