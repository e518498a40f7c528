// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Render.Spec;
using Xunit;

namespace SystemContainers.Tests.Render.Spec;

/// <summary>Who a payload is. The rules are those of github.com/moby/sys/user, which docker, podman and containerd
/// share.</summary>
public sealed class ImageUserTests
{
    private const string Passwd = """
        root:x:0:0:root:/root:/bin/sh
        adm:x:42:43:adm:/var/adm:/bin/false
        1000:x:0:0::/root:/bin/sh
        7:x:77:78::/home/seven:/bin/sh
        short:x:55:56
        shorter:x:57
        letters:x:abc:1::/home/letters:/bin/sh
        twice:x:60:61::/first:/bin/sh
        twice:x:62:63::/second:/bin/sh
        negative:x:-1:-1::/x:/bin/sh
          spaced:x:70:71::/spaced:/bin/sh
        # comment:x:80:81::/:/bin/sh
        last:x:90:91:::
        """;

    private const string Group = """
        root:x:0:root
        adm:x:43:
        audio:x:500:adm,other,55
        video:x:501:other,adm
        2000:x:0:
        few:x:502
        fewer:x
        letters:x:abc:adm
        named:x:503:1000,7
        """;

    [Theory]
    [InlineData(null, 0, 0, "0", "/root")]
    [InlineData("", 0, 0, "0", "/root")]
    [InlineData("root", 0, 0, "0", "/root")]
    [InlineData("0", 0, 0, "0", "/root")]
    [InlineData(":", 0, 0, "0", "/root")]
    [InlineData("adm", 42, 43, "43,500,501", "/var/adm")]
    [InlineData("42", 42, 43, "43,500,501", "/var/adm")]
    [InlineData("42:", 42, 43, "43,500,501", "/var/adm")]
    [InlineData("adm:root", 42, 0, "0", "/var/adm")]
    [InlineData("adm:43", 42, 43, "43", "/var/adm")]
    [InlineData("adm:9999", 42, 9999, "9999", "/var/adm")]
    [InlineData(":adm", 0, 43, "43", "/root")]
    [InlineData("1000", 1000, 0, "0", "/")]
    [InlineData("1000:1000", 1000, 1000, "1000", "/")]
    [InlineData("7", 7, 0, "0", "/")]
    [InlineData("adm:2000", 42, 2000, "2000", "/var/adm")]
    [InlineData("77", 77, 78, "78,503", "/home/seven")]
    [InlineData("short", 55, 56, "56", "/")]
    [InlineData("55", 55, 56, "56", "/")]
    [InlineData("adm:few", 42, 502, "502", "/var/adm")]
    [InlineData("twice", 60, 61, "61", "/first")]
    [InlineData("62", 62, 63, "63", "/second")]
    [InlineData("spaced", 70, 71, "71", "/spaced")]
    [InlineData("last", 90, 91, "91", "/")]
    [InlineData("+1000", 1000, 0, "0", "/")]
    [InlineData("-0", 0, 0, "0", "/root")]
    [InlineData("00042", 42, 43, "43,500,501", "/var/adm")]
    [InlineData("12345", 12345, 0, "0", "/")]
    [InlineData("2147483647:2147483647", 2147483647, 2147483647, "2147483647", "/")]
    public void A_user_is_found(string? user, uint uid, uint gid, string groups, string home)
    {
        ImageUser found = Find(user);

        Assert.Equal((uid, gid, groups, home), (found.Uid, found.Gid, string.Join(',', found.Groups), found.Home));
    }

    [Theory]
    [InlineData("2147483648")]
    [InlineData("4294967295")]
    [InlineData("4294967296")]
    [InlineData("18446744073709551616")]
    [InlineData("-1")]
    [InlineData("-1000:0")]
    [InlineData("0:2147483648")]
    [InlineData("0:-1")]
    [InlineData("99999999999999999999999999999999999999999999")]
    public void An_id_out_of_range_is_refused(string user) =>
        Assert.Contains(
            "from 0 to 2147483647",
            Assert.Throws<SysctrException>(() => Find(user)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("nobody")]
    [InlineData(" 1000")]
    [InlineData("1000 ")]
    [InlineData("1_000")]
    [InlineData("0x0")]
    [InlineData("+")]
    [InlineData("-")]
    [InlineData("١")]
    [InlineData("adm:nobody")]
    [InlineData("adm:root:x")]
    [InlineData("adm: 0")]
    [InlineData("# comment")]
    [InlineData("adm\0")]
    public void A_name_that_the_image_does_not_know_is_refused(string user) =>
        Assert.Equal(ErrorKind.Template, Assert.Throws<SysctrException>(() => Find(user)).Kind);

    [Theory]
    [InlineData("letters")]
    [InlineData("shorter")]
    [InlineData("negative")]
    [InlineData("adm:letters")]
    [InlineData("adm:fewer")]
    public void An_entry_without_numbers_makes_nobody_root(string user) =>
        Assert.Contains(
            "has no number",
            Assert.Throws<SysctrException>(() => Find(user)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Without_the_files_numbers_count_and_names_do_not()
    {
        Assert.Equal(5u, ImageUser.Find("5:6", new TestImage()).Uid);
        Assert.Throws<SysctrException>(() => ImageUser.Find("adm", new TestImage()));
    }

    [Fact]
    public void A_long_line_is_read_and_a_long_file_is_refused()
    {
        string members = string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"u{i}"));
        TestImage image = new TestImage()
            .File("/etc/passwd", "app:x:5:6::/:\n")
            .File("/etc/group", $"long:x:7:{members},app\n");
        Assert.Equal([6u, 7u], ImageUser.Find("app", image).Groups);

        TestImage long_ = new TestImage().File("/etc/passwd", new string('x', (1 << 20) + 1));
        Assert.Throws<SysctrException>(() => ImageUser.Find("app", long_));
    }

    [Fact]
    public void Names_that_are_no_utf8_are_told_apart()
    {
        byte[] passwd = [0xfe, .. ":x:5:6::/:\n"u8, 0xef, 0xbf, 0xbd, .. ":x:7:8::/:\n"u8];

        Assert.Equal(7u, ImageUser.Find("\ufffd", new TestImage().File("/etc/passwd", passwd)).Uid);
    }

    private static ImageUser Find(string? user) =>
        ImageUser.Find(user, new TestImage().File("/etc/passwd", Passwd).File("/etc/group", Group));
}
