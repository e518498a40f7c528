// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace SystemContainers.Listen;

/// <summary>execvpe(3): the process becomes the command, found along PATH, with the environment as it is now.</summary>
static unsafe partial class Exec
{
    /// <returns>errno; it returns only when it failed.</returns>
    public static int Command(string[] arguments)
    {
        // .NET keeps its own copy of the environment, so the C library's would still be the old one.
        List<string> environment = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment.Add($"{variable.Key}={variable.Value}");
        }

        byte** argv = Vector(arguments);
        _ = execvpe(argv[0], argv, Vector(environment));
        return Marshal.GetLastPInvokeError();
    }

    /// <summary>A null-terminated array of null-terminated strings; never freed, for the process ends one way or the
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

    [LibraryImport("libc", SetLastError = true)]
    private static partial int execvpe(byte* file, byte** argv, byte** envp);
}
