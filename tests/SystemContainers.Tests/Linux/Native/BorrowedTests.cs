// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Runtime.InteropServices;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using Xunit;

namespace SystemContainers.Tests.Linux.Native;

/// <summary>What Tmds.LibC has is taken from it.</summary>
public sealed class BorrowedTests
{
    private const BindingFlags Declared =
        BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    [Fact]
    public void None_of_ours_is_in_Tmds_LibC()
    {
        string[] ours =
        [
            .. typeof(Libc).GetFields(Declared).Where(f => f.IsLiteral).Select(f => f.Name),
            .. typeof(Libc).GetMethods(Declared).Where(IsImported).Select(m => m.Name),
        ];
        Assert.True(ours.Length > 60, $"{ours.Length} found");
        Assert.DoesNotContain(ours, n => typeof(Tmds.Linux.LibC).GetMember(n).Length > 0);

        Type[] structures = typeof(Libc).GetNestedTypes(BindingFlags.NonPublic);
        Assert.Contains(typeof(Libc.passwd), structures);
        Assert.DoesNotContain(
            structures,
            t => typeof(Tmds.Linux.LibC).Assembly.GetType("Tmds.Linux." + t.Name.Replace("_t", "")) is not null
        );
    }

    /// <summary>The exception: a pattern wants constants, which its properties are not.</summary>
    [Fact]
    public void Error_numbers_are_those_of_Tmds_LibC()
    {
        FieldInfo[] numbers = [.. typeof(Errno).GetFields(Declared).Where(f => f.IsLiteral)];
        Assert.NotEmpty(numbers);
        Assert.All(
            numbers,
            n => Assert.Equal(typeof(Tmds.Linux.LibC).GetProperty(n.Name)!.GetValue(null), n.GetRawConstantValue())
        );
    }

    private static bool IsImported(MethodInfo method) =>
        method.IsDefined(typeof(LibraryImportAttribute)) || method.IsDefined(typeof(DllImportAttribute));
}
