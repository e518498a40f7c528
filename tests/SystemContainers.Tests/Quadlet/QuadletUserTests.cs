// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Values;
using Xunit;

namespace SystemContainers.Tests.Quadlet;

/// <summary>User namespaces of files, as podman-systemd.unit(5) has them.</summary>
public sealed class QuadletUserTests : IDisposable
{
    private readonly QuadletFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("UserNS=auto", "--userns=auto")]
    [InlineData(
        "UIDMap=0:10000:10 10:20000:10\nGIDMap=0:10000:10",
        "--gidmap=0:10000:10 --uidmap=0:10000:10 --uidmap=10:20000:10"
    )]
    [InlineData("SubUIDMap=u\nSubGIDMap=g", "--subgidname=g --subuidname=u")]
    [InlineData("RemapUsers=manual\nRemapUid=0:1:10\nRemapGid=0:2:10", "--gidmap=0:2:10 --uidmap=0:1:10")]
    [InlineData("RemapUsers=auto", "--userns=auto")]
    [InlineData(
        "RemapUsers=auto\nRemapUid=0:1:10\nRemapGid=0:2:10\nRemapUidSize=20",
        "--userns=auto:uidmapping=0:1:10,gidmapping=0:2:10,size=20"
    )]
    [InlineData("RemapUsers=keep-id   \nRemapUid=200\nRemapGid=210", "--userns=keep-id:uid=200,gid=210")]
    [InlineData("UserNS=keep-id\nVolume=/srv:/srv:idmap,Z", "--userns=keep-id --volume=/srv:/srv:idmap,Z")]
    public void A_file_says_it_as_options_do(string keys, string words)
    {
        _folder.Write("a.container", "[Container]\nImage=i\n" + keys);

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        Assert.Equal(words, string.Join(' ', Assert.Single(set.Containers).Request.Settings.Words()));
    }

    [Theory]
    [InlineData("UserNS=keep-id:uid=101,gid=102", "--userns=keep-id:uid=101,gid=102")]
    [InlineData("UserNS=host", "--userns=host")]
    [InlineData("UIDMap=+1000:@1000\nGIDMap=0:1:9", "--gidmap=0:1:9 --uidmap=+1000:@1000")]
    [InlineData("RemapUsers=manual\nRemapUid=0:0:9", "--uidmap=0:0:9")]
    [InlineData("RemapUsers=keep-id\nRemapUid=200", "--userns=keep-id:uid=200")]
    public void A_user_s_file_may_keep_the_user_s_id(string keys, string words)
    {
        _folder.Write("a.container", "[Container]\nImage=i\n" + keys);

        QuadletSet set = _folder.Read(new QuadletHost { IsUser = true });

        Assert.Empty(set.Faults.All);
        Assert.Equal(
            words,
            string.Join(
                ' ',
                Assert
                    .Single(set.Containers)
                    .Request.Settings.Words()
                    .Where(w =>
                        w.Contains("map", StringComparison.Ordinal) || w.Contains("userns", StringComparison.Ordinal)
                    )
            )
        );
    }

    [Theory]
    [InlineData("SubUIDMap=me", true, "user's own namespace")]
    [InlineData("UIDMap=101:0:1", true, "the namespace has no root")]
    [InlineData("UIDMap=+1000:@1000", false, "the namespace has no root")]
    [InlineData("UIDMap=0:@x:1", false, "'x' is no number")]
    [InlineData("RemapUsers=manual\nUserNS=auto", false, "don't go with UserNS=")]
    [InlineData("RemapUid=0:1:1", false, "go with RemapUsers=")]
    [InlineData("RemapUsers=some", false, "it is manual, auto or keep-id")]
    [InlineData("RemapUsers=keep-id\nRemapUid=1\nRemapUid=2", false, "one number each")]
    [InlineData("UserNS=auto\nUIDMap=0:1:1", false, "a namespace of their own")]
    [InlineData("UserNS=nonsense", false, "it is host, keep-id, auto or private")]
    [InlineData("UserNS=auto", true, "user's own namespace")]
    [InlineData("RemapUsers=auto", true, "user's own namespace")]
    public void What_can_t_be_had_is_said(string keys, bool isUsers, string said)
    {
        _folder.Write("a.container", "[Container]\nImage=i\n" + keys);

        Assert.Contains(
            _folder.Read(new QuadletHost { IsUser = isUsers }).Faults.All,
            f => f.Text.Contains(said, StringComparison.Ordinal)
        );
    }
}
