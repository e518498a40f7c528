// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;
using SystemContainers.Systemd;
using SystemContainers.Target;
using Xunit;

namespace SystemContainers.Tests.Fleet.Etcd;

public sealed class EtcdSettingsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-etcd-").FullName;

    [Fact]
    public void The_file_says_them_and_the_environment_is_stronger()
    {
        Write(
            "lock = \"etcd:a:1/key\"\n[etcd]\ncacert = \"/ca\"\ncert = \"/cert\"\nkey = \"/key\"\nuser = \"me:secret\"\n"
        );

        SysctrConfiguration configuration = SysctrConfiguration.Load(new HostPaths(_root));

        Assert.Equal("etcd:a:1/key", configuration.Lock);
        EtcdSettings file = configuration.EtcdOver(_ => null);
        Assert.Equal(
            ("/ca", "/cert", "/key", "me:secret"),
            (file.CaCertificate, file.Certificate, file.Key, file.User)
        );
        EtcdSettings over = configuration.EtcdOver(
            new Dictionary<string, string>
            {
                ["ETCDCTL_CACERT"] = "/other",
                ["ETCDCTL_CERT"] = "",
                ["ETCDCTL_USER"] = "you",
                ["ETCDCTL_PASSWORD"] = "a:b",
            }.GetValueOrDefault
        );
        Assert.Equal(
            ("/other", "/cert", "/key", "you:a:b"),
            (over.CaCertificate, over.Certificate, over.Key, over.User)
        );
    }

    [Fact]
    public void A_misspelt_one_is_refused()
    {
        Write("[etcd]\ncacerts = \"/ca\"\n");

        Assert.Contains(
            "'cacerts' in [etcd]",
            Assert.Throws<SysctrException>(() => SysctrConfiguration.Load(new HostPaths(_root))).Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string text)
    {
        Directory.CreateDirectory(_root + "/etc/sysctr");
        using StreamWriter file = File.CreateText(_root + SysctrConfiguration.Path);
        file.Write(text);
    }
}
