// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Runtime.Launch;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

/// <summary>Units that older versions wrote are on disks, and call what they called then.</summary>
public sealed class MountCheckTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-check-").FullName;

    private string Bundle => _base + "/store/deployments/app/0";

    /// <summary>As it was written for a container of runc on systemd 254 whose sources were outside of the system's
    /// directories.</summary>
    private string Unit =>
        $"""
            [Unit]
            Description=app

            [Service]
            Type=forking
            PIDFile=/run/app.pid
            Delegate=yes
            DelegateSubgroup=supervisor
            ExecStartPre=/usr/bin/sysctr launch check --bundle={Bundle} app
            ExecStart=/usr/sbin/runc run --detach --pid-file /run/app.pid --bundle {Bundle} app
            ExecStopPost=/usr/sbin/runc delete --force app
            WorkingDirectory={Bundle}

            [Install]
            WantedBy=multi-user.target
            """;

    public MountCheckTests()
    {
        foreach (string directory in (string[])[Bundle, _base + "/run", _base + "/data", _base + "/store/objects"])
        {
            Directory.CreateDirectory(directory);
        }
    }

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Fact]
    public void A_container_whose_mounts_are_as_they_were_starts()
    {
        Write(Bind("/data", "/data"));

        Assert.Equal(0, Start());
    }

    /// <summary>What is to be covered since then is no reason not to start.</summary>
    [Fact]
    public void So_does_one_that_covers_what_there_was_to_cover()
    {
        Write(Bind("", "/host"), Cover("/host/store"), Cover("/host/run"), Bind("/data", "/data"));
        Assert.Equal(0, Start());

        Write(
            new JsonObject
            {
                ["destination"] = "/run",
                ["type"] = "bind",
                ["source"] = "/run",
                ["options"] = new JsonArray("rbind"),
            }
        );
        Assert.Equal(0, Start());
    }

    [Fact]
    public void One_that_would_see_the_store_does_not()
    {
        Write(Bind("/store/objects", "/m"));
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => Start()).Kind);

        Write(Bind("", "/host"), Cover("/host/run"));
        SysctrException refused = Assert.Throws<SysctrException>(() => Start());
        Assert.Equal(ErrorKind.Unsafe, refused.Kind);
        Assert.Contains("sysctr update app", refused.Hint, StringComparison.Ordinal);
    }

    /// <summary>Its line, read as systemd reads it.</summary>
    private int Start()
    {
        string[] words = UnitText.Parse(Unit).Find("Service", "ExecStartPre")!.Split(' ');
        Assert.Equal(["/usr/bin/sysctr", "launch"], words[..2]);
        LaunchOptions options = LaunchOptions.Parse(words.AsSpan(2));
        Assert.Equal((MountCheck.Verb, "app", Bundle), (options.Verb, options.Name, options.Bundle));
        return MountCheck.Run(options.Name, options.Bundle!, _base + "/run", _base + "/nowhere");
    }

    private void Write(params JsonNode[] mounts) =>
        File.WriteAllText(
            Bundle + "/config.json",
            new JsonObject
            {
                ["process"] = new JsonObject { ["args"] = new JsonArray("/bin/app") },
                ["root"] = new JsonObject { ["path"] = "rootfs", ["readonly"] = true },
                ["mounts"] = new JsonArray(mounts),
            }.ToJsonString()
        );

    private JsonObject Bind(string source, string destination) =>
        new()
        {
            ["destination"] = destination,
            ["type"] = "bind",
            ["source"] = _base + source,
            ["options"] = new JsonArray("bind", "rw"),
        };

    private static JsonObject Cover(string destination) =>
        new()
        {
            ["destination"] = destination,
            ["type"] = "tmpfs",
            ["source"] = "tmpfs",
            ["options"] = new JsonArray("ro", "nosuid", "nodev", "noexec", "mode=000", "size=4k"),
        };
}
