// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Errors;

public sealed class SideBySideTests
{
    [Fact]
    public void Each_is_done_once()
    {
        ConcurrentBag<int> done = [];
        SideBySide.ForEach(Enumerable.Range(0, 1000), done.Add);
        Assert.Equal(Enumerable.Range(0, 1000), done.Order());
    }

    [Fact]
    public void A_failure_is_what_was_thrown()
    {
        SysctrException thrown = new(ErrorKind.Corrupt, "reading a: it is broken");

        Assert.Same(thrown, Assert.Throws<SysctrException>(() => SideBySide.ForEach([1], _ => throw thrown)));
        Assert.Same(thrown, Assert.Throws<SysctrException>(() => SideBySide.ForEach(Broken(), _ => { })));

        IEnumerable<int> Broken()
        {
            yield return 1;
            throw thrown;
        }
    }
}
