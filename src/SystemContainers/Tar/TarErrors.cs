// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using SystemContainers.Errors;

namespace SystemContainers.Tar;

/// <summary>The ways in which an archive can be no archive.</summary>
static class TarErrors
{
    [DoesNotReturn]
    public static void Corrupt(string why, long position) =>
        throw new SysctrException(ErrorKind.Corrupt, $"reading the tar at byte {position}: {why}");

    [DoesNotReturn]
    public static void Unsafe(string why, long? position) =>
        throw new SysctrException(
            ErrorKind.Unsafe,
            position is null ? $"reading the tar: {why}" : $"reading the tar at byte {position}: {why}",
            "sysctr(1), LIMITS, has what an image may have"
        );
}
