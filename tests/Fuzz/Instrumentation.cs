// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SharpFuzz;

namespace SystemContainers.Fuzz;

/// <summary>
/// The library with a counter at each of its branches, which SharpFuzz writes into a copy of it. That has to be done
/// before it is loaded, so the program runs once more, beside the copy.
/// </summary>
static class Instrumentation
{
    /// <summary>Set where the library that is loaded counts.</summary>
    public const string Marker = "SYSCTR_FUZZ_INSTRUMENTED";

    private const string Library = "SystemContainers.dll";

    /// <summary>Runs this program beside an instrumented library; its exit code.</summary>
    public static async Task<int> RunInstrumentedAsync(string[] args)
    {
        // Below our own directory: the checkout is found from there.
        string copy = Path.Combine(AppContext.BaseDirectory, $"instrumented-{Environment.ProcessId}");
        Directory.CreateDirectory(copy);
        try
        {
            foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }

            _ = Fuzzer.Instrument(Path.Combine(copy, Library), _ => true, Options.Value).Count();
            ProcessStartInfo start = new("dotnet", [Path.Combine(copy, "Fuzz.dll"), .. args])
            {
                UseShellExecute = false,
            };
            start.Environment[Marker] = "1";
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
