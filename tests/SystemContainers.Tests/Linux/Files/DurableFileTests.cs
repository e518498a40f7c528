// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Runtime.CompilerServices;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using Xunit;

namespace SystemContainers.Tests.Linux.Files;

/// <summary>What is there at each step, and what is said where one fails; in a process of its own, which dies or fails
/// there.</summary>
public sealed class DurableFileTests : IDisposable
{
    private const string Variable = "SYSCTR_DURABLE_CHILD";
    private const UnixFileMode Open = (UnixFileMode)0b110_110_110;

    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-durable-").FullName;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Theory]
    [InlineData("fchmod", "write")]
    [InlineData("pwrite64", "copy")]
    public async Task What_is_being_written_nobody_else_opens_before_it_has_its_mode(string step, string what)
    {
        await RunAsync($"kill:{step}", what);

        string staged = Assert.Single(Directory.GetFiles(_scratch, ".file.*"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(staged));
    }

    [Theory]
    [InlineData("write")]
    [InlineData("copy")]
    public async Task A_file_has_the_mode_that_is_asked_for(string what)
    {
        Assert.Equal("done", await RunAsync(null, what));

        Assert.Equal("secret", await File.ReadAllTextAsync(_scratch + "/file"));
        Assert.Equal(Open, File.GetUnixFileMode(_scratch + "/file"));
        Assert.Empty(Directory.GetFiles(_scratch, ".*"));
    }

    [Theory]
    [InlineData("mkdir")]
    [InlineData("write")]
    [InlineData("copy")]
    [InlineData("link")]
    public async Task What_fails_says_why_though_nothing_is_left_to_be_cleared_away(string what)
    {
        string trace = _scratch + "/trace";
        Assert.Equal("done", await RunAsync($"trace:{trace}", what));
        string[] steps = await File.ReadAllLinesAsync(trace);
        for (int step = 1; step <= steps.Length; step++)
        {
            foreach (string name in (string[])["file", "link"])
            {
                File.Delete(Path.Join(_scratch, name));
            }

            if (Directory.Exists(_scratch + "/dir"))
            {
                Directory.Delete(_scratch + "/dir");
            }

            Assert.Equal($"{Errno.EIO}", await RunAsync($"eio:{step}", what));
            Assert.Empty(Directory.GetFileSystemEntries(_scratch, ".*"));
        }
    }

    private async Task<string> RunAsync(string? fault, string what)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["SYSCTR_FAULT"] = fault;
        start.Environment[Variable] = $"{what} {_scratch}";
        using Process child = Process.Start(start)!;
        string said = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        return said.Trim();
    }

    [ModuleInitializer]
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ', 2) is not [{ } what, { } scratch])
        {
            return;
        }

        try
        {
            Run(what, scratch);
            Console.WriteLine("done");
        }
        catch (Exception e)
        {
            Console.WriteLine(e is LinuxException failure ? $"{failure.Errno}" : e.ToString());
        }

        Environment.Exit(0);
    }

    private static void Run(string what, string scratch)
    {
        string file = scratch + "/file";
        switch (what)
        {
            case "write":
                DurableFile.Write(file, "secret"u8, Open);
                break;
            case "copy":
                File.WriteAllText(scratch + "/source", "secret");
                DurableFile.Copy(file, scratch + "/source", Metadata());
                break;
            case "link":
                DurableFile.WriteLink(scratch + "/link", "file");
                break;
            default:
                DurableFile.MakeDirectory(scratch + "/dir", Open, Owner());
                break;
        }
    }

    private static FileMetadata Metadata() => new((int)Open, Owner().Uid, Owner().Gid, 1, 0, []);

    private static (uint Uid, uint Gid) Owner() =>
        (SystemContainers.Linux.Native.Libc.geteuid(), SystemContainers.Linux.Native.Libc.getegid());
}
