using System.Diagnostics;
using SystemContainers.Linux;
using Xunit;

namespace SystemContainers.Tests.Linux;

public sealed class ProcessMarkTests
{
    [Fact]
    public async Task A_process_that_nobody_has_reaped_is_dead()
    {
        using Process parent = Process.Start(new ProcessStartInfo("sh", ["-c", "true & echo $!; exec sleep 60"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        try
        {
            string child = (await parent.StandardOutput.ReadLineAsync())!;
            string[] stat;
            do
            {
                stat = (await File.ReadAllTextAsync($"/proc/{child}/stat")).Split(") ")[1].Split(' ');
            }
            while (stat[0] != "Z");

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
