// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using Xunit;

namespace SystemContainers.Tests.Linux.Files;

public sealed class DirectoryNamesTests
{
    [Fact]
    public void One_that_was_removed_while_it_was_open_has_nothing()
    {
        string place = Directory.CreateTempSubdirectory("sysctr-names-").FullName;
        using SafeFileHandle open = Libc.open(place, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        Assert.False(open.IsInvalid);
        Directory.Delete(place);

        Assert.Empty(DirectoryNames.Kinds($"/proc/self/fd/{open.DangerousGetHandle()}/.")!);
        Assert.Null(DirectoryNames.Kinds(place));
    }
}
