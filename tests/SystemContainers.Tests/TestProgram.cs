// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace SystemContainers.Tests;

/// <summary>
/// Scripts that a test writes and then executes. A child that another test is just starting has copies of this
/// process's open files until it executes its program; one of the script, open for writing, would have its execution
/// fail (ETXTBSY, execve(2)). So a child writes it.
/// </summary>
static class TestProgram
{
    /// <summary>Writes a program that everybody may execute.</summary>
    /// <param name="file">Its path; the directory is there.</param>
    /// <param name="script">With its first line, that names the interpreter.</param>
    public static void Write(string file, string script)
    {
        using Process install = Process.Start(
            new ProcessStartInfo("install", ["-m", "755", "/dev/stdin", file])
            {
                RedirectStandardInput = true,
                UseShellExecute = false,
            }
        )!;
        install.StandardInput.Write(script);
        install.StandardInput.Close();
        install.WaitForExit();
        if (install.ExitCode != 0)
        {
            throw new InvalidOperationException($"install can't write {file}: status {install.ExitCode}");
        }
    }
}
