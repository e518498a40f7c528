// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using Xunit;

namespace SystemContainers.Tests.Network;

public sealed class NetworkNamespaceTests
{
    /// <summary>With it goes its namespace of users, and nothing else may.</summary>
    [Fact]
    public void No_other_container_has_the_file_of_its_users()
    {
        string users = NetworkNamespace.UsersOf(NetworkNamespace.PathOf("web"));

        Assert.NotEqual(NetworkNamespace.PathOf("web.users"), users);
        Assert.False(Path.GetFileName(users).StartsWith("sysctr-", StringComparison.Ordinal));
        Assert.Equal(Path.GetDirectoryName(NetworkNamespace.PathOf("web")), Path.GetDirectoryName(users));
    }
}
