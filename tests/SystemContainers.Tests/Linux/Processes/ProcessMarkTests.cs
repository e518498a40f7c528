// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Linux.Processes;
using Xunit;

namespace SystemContainers.Tests.Linux.Processes;

public sealed class ProcessMarkTests
{
    [Fact]
    public async Task A_process_that_nobody_has_reaped_is_dead()
    {
        ProcessStartInfo start = new("sh", ["-c", "exec 3<&0; cat <&3 & echo $!; exec sleep 60"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process parent = Process.Start(start)!;
        try
        {
            string child = (await parent.StandardOutput.ReadLineAsync())!;

            // The child ends only now that its parent is no shell any more, which would reap it.
            while ((await File.ReadAllTextAsync($"/proc/{parent.Id}/comm")).Trim() != "sleep")
            {
                await Task.Delay(1);
            }

            parent.StandardInput.Close();
            string[] stat;
            do
            {
                stat = (await File.ReadAllTextAsync($"/proc/{child}/stat")).Split(") ")[1].Split(' ');
            } while (stat[0] != "Z");

            string alive = (await File.ReadAllTextAsync($"/proc/{parent.Id}/stat")).Split(") ")[1].Split(' ')[19];
            Assert.True(ProcessMark.IsOfDead($"sysctr-{child}-{stat[19]}-1"));
            Assert.False(ProcessMark.IsOfDead($"sysctr-{parent.Id}-{alive}-1"));
            Assert.False(ProcessMark.IsOfDead(ProcessMark.NewName()));
        }
        finally
        {
            parent.Kill();
        }
    }
}
