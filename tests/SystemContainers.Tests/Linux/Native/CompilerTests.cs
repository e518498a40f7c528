// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Pull.Streams;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Linux.Native;

/// <summary>The C compiler as the oracle of every number and structure that is declared here rather than in Tmds.LibC,
/// and of those of its structures that are used.</summary>
[Trait("needs", "programs")]
public sealed class CompilerTests
{
    private const BindingFlags Declared =
        BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.NonPublic;

    /// <summary>C expression and our value.</summary>
    private static Dictionary<string, long> Expected()
    {
        Dictionary<string, long> values = new(StringComparer.Ordinal)
        {
            ["offsetof(struct dirent, d_name)"] = Libc.DirentNameOffset,
            ["offsetof(struct dirent, d_reclen)"] = Libc.DirentLengthOffset,
            ["offsetof(struct dirent, d_type)"] = Libc.DirentTypeOffset,
            ["offsetof(struct statx, stx_mnt_id)"] = Libc.StatxMountOffset,
            ["offsetof(struct loop_config, info.lo_flags)"] = Libc.LoopFlagsOffset,
            ["sizeof(struct loop_config)"] = Libc.LoopConfigSize,
            [$"sizeof(struct timex) <= {Libc.TimexRoom}"] = 1,
            ["sizeof(sigset_t)"] = Marshal.SizeOf<Tmds.Linux.sigset_t>(),
            ["sizeof(struct statx)"] = Marshal.SizeOf<Tmds.Linux.statx>(),
            ["sizeof(struct statvfs)"] = Marshal.SizeOf<Tmds.Linux.statvfs>(),
            ["sizeof(struct termios)"] = Marshal.SizeOf<Tmds.Linux.termios>(),
            ["sizeof(struct winsize)"] = Marshal.SizeOf<Tmds.Linux.winsize>(),
            ["sizeof(struct timespec)"] = Marshal.SizeOf<Tmds.Linux.timespec>(),
            ["sizeof(struct pollfd)"] = Marshal.SizeOf<Tmds.Linux.pollfd>(),
            ["sizeof(struct msghdr)"] = Marshal.SizeOf<Tmds.Linux.msghdr>(),
            ["sizeof(struct iovec)"] = Marshal.SizeOf<Tmds.Linux.iovec>(),
            [$"sizeof(struct inflate_state) <= {Isal.inflate_state.Bytes}"] = 1,
            ["sizeof(struct open_how)"] = Marshal.SizeOf<Tmds.Linux.open_how>(),
            ["CMSG_SPACE(sizeof(struct ucred))"] = Marshal.SizeOf<Libc.credentials_message>(),
            ["CMSG_LEN(sizeof(struct ucred))"] = Libc.credentials_message.Size,
            ["CMSG_SPACE(sizeof(int))"] = Marshal.SizeOf<Libc.descriptor_message>(),
            ["CMSG_LEN(sizeof(int))"] = Libc.descriptor_message.Size,
            ["CMSG_LEN(0)"] = (long)Marshal.OffsetOf<Libc.descriptor_message>("Descriptor"),
            ["CMSG_LEN(0) + 0"] = (long)Marshal.OffsetOf<Libc.credentials_message>("Sender"),
        };
        foreach (FieldInfo field in typeof(Isal.inflate_state).GetFields(Instance))
        {
            values[$"offsetof(struct inflate_state, {field.Name})"] = (long)
                Marshal.OffsetOf<Isal.inflate_state>(field.Name);
        }

        foreach (Type ours in Structures())
        {
            string name =
                "struct " + (ours.Name.EndsWith("_t", StringComparison.Ordinal) ? ours.Name[..^2] : ours.Name);
            if (ours != typeof(Libc.fsverity_digest)) // ends with as many bytes as the hash has
            {
                values[$"sizeof({name})"] = Marshal.SizeOf(ours);
            }

            foreach (FieldInfo field in ours.GetFields(Instance | BindingFlags.Public))
            {
                values[$"offsetof({name}, {field.Name})"] = (long)Marshal.OffsetOf(ours, field.Name);
            }
        }

        foreach (
            FieldInfo number in typeof(Libc)
                .GetFields(Declared)
                .Concat(typeof(Errno).GetFields(Declared))
                .Concat(typeof(Isal).GetFields(Declared))
                .Where(f => f.IsLiteral)
        )
        {
            if (number.Name.Equals(number.Name.ToUpperInvariant(), StringComparison.Ordinal))
            {
                values[number.Name] = Convert.ToInt64(
                    number.GetRawConstantValue() is nint pointer ? (long)pointer : number.GetRawConstantValue(),
                    CultureInfo.InvariantCulture
                );
            }
        }

        foreach (PropertyInfo number in typeof(Libc).GetProperties(Declared))
        {
            values[number.Name] = number.GetValue(null) is nint pointer
                ? pointer
                : Convert.ToInt64(number.GetValue(null), CultureInfo.InvariantCulture);
        }

        return values;
    }

    /// <summary>Ours that C has, too; the other two are a header and what follows it.</summary>
    private static IEnumerable<Type> Structures() =>
        typeof(Libc)
            .GetNestedTypes(BindingFlags.NonPublic)
            .Where(t =>
                t.IsValueType
                && !t.Name.Contains('<', StringComparison.Ordinal)
                && t != typeof(Libc.credentials_message)
                && t != typeof(Libc.descriptor_message)
            );

    [Fact]
    public async Task Numbers_and_structures_are_those_of_the_C_compiler()
    {
        await Packages.EnsureAsync();
        Dictionary<string, long> expected = Expected();
        string folder = Directory.CreateTempSubdirectory("sysctr-c-").FullName;
        try
        {
            string source = Path.Combine(folder, "numbers.c");
            string program = Path.Combine(folder, "numbers");
            await File.WriteAllTextAsync(
                source,
                $$"""
                #define _GNU_SOURCE
                #include <dirent.h>
                #include <errno.h>
                #include <fcntl.h>
                #include <grp.h>
                #include <isa-l/igzip_lib.h>
                #include <linux/fs.h>
                #include <linux/fsverity.h>
                #include <linux/loop.h>
                #include <linux/magic.h>
                #include <linux/openat2.h>
                #include <linux/sockios.h>
                #include <poll.h>
                #include <pwd.h>
                #include <signal.h>
                #include <stddef.h>
                #include <stdio.h>
                #include <sched.h>
                #include <sys/epoll.h>
                #include <sys/file.h>
                #include <sys/mount.h>
                #include <sys/ioctl.h>
                #include <sys/socket.h>
                #include <sys/stat.h>
                #include <sys/statfs.h>
                #include <sys/statvfs.h>
                #include <sys/syscall.h>
                #include <sys/timex.h>
                #include <termios.h>
                #include <unistd.h>
                int main(void) {
                {{string.Join('\n', expected.Keys.Select(e => $"printf(\"%lld\\n\", (long long)({e}));"))}}
                }

                """,
                TestContext.Current.CancellationToken
            );
            await OutputAsync("clang", "-o", program, source);
            long[] actual =
            [
                .. (await OutputAsync(program))
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(l => long.Parse(l, CultureInfo.InvariantCulture)),
            ];

            Assert.True(expected.Count > 60);
            Assert.Equal(
                expected.Select(e => $"{e.Key} = {e.Value}"),
                expected.Keys.Zip(actual, (name, value) => $"{name} = {value}")
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> OutputAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false }
        )!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
