// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.HostTests;

/// <summary>An image that a test writes in the shapes that published images have, with <see cref="StubProgram"/> for
/// its only program.</summary>
sealed class WildImage
{
    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101;

    private readonly LayoutWriter _files = new LayoutWriter()
        .Link("/var/run", "/run")
        .Directory("/run")
        .Directory("/etc")
        .Directory("/proc")
        .Directory("/dev");
    private readonly List<string> _mounts = ["""{"destination": "/proc", "type": "proc", "source": "proc"}"""];

    /// <summary>Whether it has a config.json.template of its own; else <see cref="Export(string, string)"/> gives one,
    /// or nobody.</summary>
    public bool HasConfig { get; init; } = true;

    /// <summary>Further members of config.json's process.</summary>
    public string Process { get; init; } = "";

    /// <summary>root.readonly.</summary>
    public bool IsReadonly { get; init; } = true;

    /// <summary>The stub's arguments.</summary>
    public string[] Arguments { get; init; } = ["$NAME"];

    /// <summary>Lines of [Service] beside those that every published unit has; null for no unit.</summary>
    public string? Service { get; init; } = "";

    /// <summary>A file of /exports.</summary>
    public WildImage Export(string name, string text)
    {
        _files.File("/exports/" + name, text);
        return this;
    }

    /// <summary>The same of any bytes.</summary>
    public WildImage Export(string name, byte[] content, UnixFileMode mode = UnixFileMode.UserRead)
    {
        _files.File("/exports/" + name, content, mode);
        return this;
    }

    /// <summary>A symbolic link below /exports.</summary>
    public WildImage ExportLink(string name, string target)
    {
        _files.Link("/exports/" + name, target);
        return this;
    }

    /// <summary>A label.</summary>
    public WildImage Label(string name, string value)
    {
        _files.Label(name, value);
        return this;
    }

    /// <summary>A bind mount as published images write it.</summary>
    public WildImage Bind(string source, string destination)
    {
        _mounts.Add(
            $$"""{"type": "bind", "source": "{{source}}", "destination": "{{destination}}", "options": ["rbind", "rw", "mode=755"]}"""
        );
        return this;
    }

    /// <summary>Writes it as a layout of the host, where <see cref="HostState"/> does not look.</summary>
    /// <returns>Its reference on the host.</returns>
    /// <param name="host">Where.</param>
    /// <param name="name">Of the layout; that of an earlier image makes this one its next version. Null for a new
    /// name.</param>
    public async Task<string> PutAsync(NspawnHost host, string? name = null)
    {
        string words = string.Concat(Arguments.Select(a => $", \"{a}\""));
        _files.File("/bin/stub", await StubProgram.GetAsync(), Executable);
        if (HasConfig)
        {
            _files.File("/exports/config.json.template", Config(words));
        }

        if (Service is { } lines)
        {
            _files.File(
                "/exports/service.template",
                $"[Service]\nExecStart=$EXEC_START\nExecStop=$EXEC_STOP\nWorkingDirectory=$DESTDIR\n{lines}\n[Install]\nWantedBy=multi-user.target\n"
            );
        }

        name ??= Container.NewName();
        await _files.WriteAsync(Path.Combine(host.Root, "root", name));
        return $"oci:/root/{name}";
    }

    private string Config(string words) =>
        $$$"""
            {"ociVersion": "1.0.0", "platform": {"os": "linux", "arch": "amd64"}, "hooks": {},
             "process": {"terminal": false, "user": {}, "args": ["/bin/stub"{{{words}}}], "cwd": "/", "env": ["PATH=/bin"]{{{Process}}}},
             "root": {"path": "rootfs", "readonly": {{{(IsReadonly ? "true" : "false")}}}}, "mounts": [{{{string.Join(
                ", ",
                _mounts
            )}}}],
             "linux": {"namespaces": [{"type": "mount"}], "devices": null}}
            """;
}
