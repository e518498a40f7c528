// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Reference;
using SystemContainers.Render;
using SystemContainers.SystemdText;
using SystemContainers.Templates;
using SystemContainers.Units;

namespace SystemContainers.Rights.Assessment;

/// <summary>What the container's own units do outside of it (systemd.service(5), systemd.unit(5),
/// systemd.exec(5)).</summary>
static partial class UnitRights
{
    /// <summary>Units of container engines, whose options published images put into files of environment
    /// variables.</summary>
    public static IReadOnlyList<string> Engines { get; } =
    ["docker.service", "containerd.service", "crio.service", "kubelet.service"];

    private static readonly string[] s_commands =
    [
        "ExecCondition",
        "ExecStartPre",
        "ExecStart",
        "ExecStartPost",
        "ExecReload",
        "ExecReloadPost",
        "ExecStop",
        "ExecStopPre",
        "ExecStopPost",
        "ExecMount",
    ];

    // Those that only order (After=, Before=) are no rights.
    private static readonly string[] s_relations =
    [
        "Requires",
        "Requisite",
        "BindsTo",
        "PartOf",
        "Upholds",
        "Wants",
        "Conflicts",
        "OnFailure",
        "OnSuccess",
        "PropagatesReloadTo",
        "ReloadPropagatedFrom",
        "PropagatesStopTo",
        "StopPropagatedFrom",
        "JoinsNamespaceOf",
    ];

    private static readonly string[] s_backwards = ["WantedBy", "RequiredBy", "UpheldBy"];
    private static readonly string[] s_activated = ["Sockets", "Service", "Unit"];

    // Whom every service may be wanted by, or want: the host reaches them anyway.
    private static readonly string[] s_usualTargets =
    [
        "multi-user.target",
        "graphical.target",
        "default.target",
        "network.target",
        "network-online.target",
        "network-pre.target",
        "sockets.target",
        "timers.target",
        "paths.target",
        "basic.target",
        "sysinit.target",
        "local-fs.target",
        "remote-fs.target",
        "nss-lookup.target",
        "time-sync.target",
        "slices.target",
        "system.slice",
        "machine.slice",
        "syslog.target",
        "syslog.socket",
        "systemd-journald.socket",
    ];

    private static readonly string[] s_actions =
    [
        "FailureAction",
        "SuccessAction",
        "StartLimitAction",
        "JobTimeoutAction",
        "OOMPolicyAction",
    ];
    private static readonly string[] s_secrets =
    [
        "LoadCredential",
        "LoadCredentialEncrypted",
        "ImportCredential",
        "OpenFile",
    ];

    private static readonly (string Key, string Root)[] s_directories =
    [
        ("RuntimeDirectory", "/run"),
        ("StateDirectory", "/var/lib"),
        ("CacheDirectory", "/var/cache"),
        ("LogsDirectory", "/var/log"),
        ("ConfigurationDirectory", "/etc"),
    ];

    // What puts other files under the unit's commands.
    private static readonly string[] s_covers =
    [
        "BindPaths",
        "BindReadOnlyPaths",
        "RootDirectory",
        "RootImage",
        "MountImages",
        "ExtensionImages",
        "ExtensionDirectories",
        "TemporaryFileSystem",
        "ExecSearchPath",
        "NetworkNamespacePath",
        "IPCNamespacePath",
        "UserNamespacePath",
        "RootMStack",
    ];

    private static readonly string[] s_streams = ["StandardOutput", "StandardError"];
    private static readonly string[] s_sections = ["Unit", "Service", "Socket", "Timer", "Path", "Mount", "Install"];
    private static readonly string[] s_runtimeDirectories =
    [
        "",
        "/bin",
        "/sbin",
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/local/sbin",
    ];

    /// <summary>The rights of all units, in no order.</summary>
    public static IEnumerable<Right> Of(RightsSubject subject) =>
        subject
            .Units.SelectMany(u => OfUnit(subject, u.FileName, u.Text))
            .Select(r => r with { Detail = subject.Masked(r.Detail) });

    /// <summary>The rights of a unit that is the container's.</summary>
    public static IEnumerable<Right> OfUnit(RightsSubject subject, string fileName, string text)
    {
        UnitText unit = UnitText.Parse(text);
        foreach (string section in s_sections)
        {
            foreach (string key in s_commands)
            {
                foreach (string command in unit.All(section, key).Where(c => !IsOwn(subject, c)))
                {
                    yield return new Right(
                        HasMorePrivileges(command) ? "privileged-command" : "host-command",
                        $"{key}={command}"
                    );
                }
            }

            foreach (string key in s_relations.Concat(s_activated).Concat(s_backwards))
            {
                foreach (
                    string other in unit.Words(section, key)
                        .Where(u => !IsOwnUnit(subject, fileName, u) && !IsUsual(key, u))
                )
                {
                    yield return new Right("unit-relation", $"{key}={other}");
                }
            }

            foreach (
                string alias in unit.Words(section, "Alias")
                    .Concat(unit.Words(section, "Also"))
                    .Where(u => !IsOwnUnit(subject, fileName, u))
            )
            {
                yield return new Right("unit-alias", alias);
            }

            foreach (
                (string key, string value) in s_actions
                    .Select(k => (k, unit.Find(section, k)))
                    .Where(a => a.Item2 is not (null or "none"))
                    .Select(a => (a.k, a.Item2!))
            )
            {
                yield return new Right("unit-action", $"{key}={value}");
            }

            foreach ((string key, string value) in s_secrets.SelectMany(k => unit.All(section, k).Select(v => (k, v))))
            {
                yield return new Right("host-secret", $"{key}={value}");
            }

            foreach (
                Right right in Directories(subject, unit, section)
                    .Concat(Written(subject, unit, section))
                    .Concat(Environment(subject, unit, section))
            )
            {
                yield return right;
            }
        }
    }

    /// <summary>The variables in a text of assignments that make programs load code, or shells run it.</summary>
    public static IEnumerable<string> LoadingVariables(string text) =>
        Loading().Matches(text).Select(m => m.Groups["name"].Value).Distinct(StringComparer.Ordinal);

    /// <summary>Whether a unit's name is the container's: NAME.KIND, NAME-STEM.KIND, NAME@.KIND.</summary>
    public static bool IsNamedAfter(RightsSubject subject, string unit) =>
        unit.StartsWith(subject.Name, StringComparison.Ordinal)
        && unit.Length > subject.Name.Length
        && unit[subject.Name.Length] is '.' or '-' or '@';

    private static bool IsOwnUnit(RightsSubject subject, string fileName, string name) =>
        name.Contains("%p", StringComparison.Ordinal)
        || name.Contains("%n", StringComparison.OrdinalIgnoreCase)
        || name == fileName
        || subject.Units.Any(u => u.FileName == name)
        || (
            IsNamedAfter(subject, name)
            && subject.Units.Any(u =>
                u.FileName.Contains("@.", StringComparison.Ordinal)
                && name.StartsWith(
                    u.FileName[..(u.FileName.IndexOf('@', StringComparison.Ordinal) + 1)],
                    StringComparison.Ordinal
                )
            )
        );

    /// <summary>To be wanted by a target, or to want one, is how services start; to be needed by one keeps a host from
    /// booting.</summary>
    private static bool IsUsual(string key, string unit) =>
        key is "WantedBy" or "Wants" or "Requires" or "BindsTo" or "Requisite" or "PartOf"
        && s_usualTargets.Contains(unit, StringComparer.Ordinal);

    /// <summary>The commands that sysctr gives the container, or writes in place of a call of the runtime.</summary>
    private static bool IsOwn(RightsSubject subject, string command)
    {
        string bare = command.TrimStart('-');
        if (
            ((string[])["EXEC_START", "EXEC_STOP", "EXEC_STARTPRE", "EXEC_STOPPOST"]).Any(v =>
                subject.Values.GetValueOrDefault(v) == bare && bare.Length > 0
            )
        )
        {
            return true;
        }

        // Of a pod there is no image whose wish it could be.
        string tool = subject.Values.GetValueOrDefault("ATOMIC", "");
        if (
            subject.Values.GetValueOrDefault("IMAGE_NAME") == ImageReference.Pod
            && (
                IsNetworks(NetworkCommands.Up(tool, subject.Destination, subject.Name))
                || IsNetworks(NetworkCommands.Down(tool, subject.Name))
            )
        )
        {
            return true;
        }

        // A user's have no prefix.
        bool IsNetworks(string ours) => command == ours || command == ours.TrimStart('+');

        string program = bare.Split(' ', '\t')[0];
        return RuntimeCall.Find(command, subject.Name) is not null
            && !HasMorePrivileges(command)
            && (
                program == subject.Runtime
                || s_runtimeDirectories.Contains(Path.GetDirectoryName(program) ?? "", StringComparer.Ordinal)
            );
    }

    /// <summary>By <c>+</c>, <c>!</c> or <c>!!</c> among the prefixes (systemd.service(5), "Command lines").</summary>
    private static bool HasMorePrivileges(string command) =>
        command.TakeWhile(c => c is '-' or '@' or ':' or '+' or '!' or '|').Any(c => c is '+' or '!');

    private static IEnumerable<Right> Directories(RightsSubject subject, UnitText unit, string section)
    {
        foreach ((string key, string root) in s_directories)
        {
            // A second name after a colon is a link to the first.
            foreach (string word in unit.Words(section, key).SelectMany(w => w.Split(':')).Where(w => w.Length > 0))
            {
                string name = word.Replace("%p", subject.Name, StringComparison.Ordinal)
                    .Replace("%N", subject.Name, StringComparison.Ordinal)
                    .Trim('"', '\'');
                string path = HostPlaces.Normal($"{root}/{name}");
                if (HostPlaces.ClassOf(path, subject.Home) is { } place && HostPlaces.IsDangerous(path, subject.Home))
                {
                    yield return new Right(place, $"{key}={word}");
                }
                else if (!subject.IsOwn(path) && !HostPath.Parts(path).Any(p => p == subject.Name))
                {
                    yield return new Right("unit-directory", $"{key}={word}");
                }
            }
        }
    }

    /// <summary>Files that systemd writes what the payload says to, and links that it makes.</summary>
    private static IEnumerable<Right> Written(RightsSubject subject, UnitText unit, string section)
    {
        IEnumerable<string> streams =
            from key in s_streams
            let value = unit.Find(section, key)
            where value is not null
            from kind in (string[])["file:", "append:", "truncate:"]
            where value.StartsWith(kind, StringComparison.Ordinal)
            select value[kind.Length..];
        foreach (
            string path in streams
                .Concat(unit.Words(section, "Symlinks"))
                .Concat(unit.All(section, "PIDFile").Where(p => p != subject.Values.GetValueOrDefault("PIDFILE")))
        )
        {
            if (path.StartsWith('/'))
            {
                foreach (Right right in subject.NamesOf(path).SelectMany(name => HostFileRights.OfPath(subject, name)))
                {
                    yield return right;
                }
            }
        }
    }

    private static IEnumerable<Right> Environment(RightsSubject subject, UnitText unit, string section)
    {
        foreach (string key in (string[])["Environment", "PassEnvironment"])
        {
            foreach (
                string name in unit.All(section, key)
                    .SelectMany(v =>
                        LoadingVariables(
                            key == "Environment" ? v : v.Replace(" ", "= ", StringComparison.Ordinal) + "="
                        )
                    )
            )
            {
                yield return new Right("unit-environment", $"{key}={name}");
            }
        }

        foreach ((string key, string value) in s_covers.SelectMany(k => unit.All(section, k).Select(v => (k, v))))
        {
            yield return new Right("unit-environment", $"{key}={value}");
        }

        foreach (string file in unit.All(section, "EnvironmentFile").Select(f => FileOf(f.TrimStart('-'))))
        {
            if (!HostPath.IsBelow(file, "/etc"))
            {
                yield return new Right("environment-file", file);
            }

            foreach (
                string name in subject
                    .HostFiles.Where(f => HostPlaces.Normal(f.Path) == file && f.LinkTarget is null)
                    .SelectMany(f => LoadingVariables(f.Read()))
            )
            {
                yield return new Right("unit-environment", $"EnvironmentFile={file}: {name}");
            }
        }
    }

    [GeneratedRegex(
        """(?:^|[\s"'])(?<name>LD_[A-Z_0-9]+|_?SYSCTR_[A-Z_0-9]+|GCONV_PATH|LOCPATH|GLIBC_TUNABLES|BASH_ENV|ENV|PYTHONPATH|PYTHONHOME|PYTHONSTARTUP|PERL5LIB|PERL5OPT|RUBYOPT|RUBYLIB|NODE_OPTIONS|OPENSSL_CONF|OPENSSL_MODULES|DYLD_[A-Z_]+|SYSTEMD_[A-Z_]*PATH)=""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Loading();

    /// <summary>A file as it is shown; where a specifier begins it, that is the path's root.</summary>
    private static string FileOf(string text) => text is ['%', ..] ? text : HostPlaces.Normal(text);
}
