// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Systemd.DBus;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Variables of the start's own. Those that the unit's Environment=, EnvironmentFile= and PassEnvironment= set, a
/// drop-in's above all: they are for the payload, over what the image and its options say. What systemd gives every
/// unit is, under these, as far as it is a proxy or all of it was asked for (--http-proxy, --env-host); so is what a
/// declaring file's own Environment= and EnvironmentFile= say, which podman's container does not have. What systemd
/// sets for this start is not the payload's (systemd.exec(5),
/// "Environment variables set or propagated by the service manager").
/// </summary>
static class UnitEnvironment
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Of the manager's own making, or the host's and not the container's.</summary>
    private static readonly HashSet<string> s_managers = new(StartVariables.Names, StringComparer.Ordinal)
    {
        "USER",
        "LOGNAME",
        "HOME",
        "SHELL",
        "XDG_RUNTIME_DIR",
        "MANAGERPIDFDID",
        "LISTEN_PIDFDID",
        "TERM",
        "LOG_NAMESPACE",
        "SERVICE_RESULT",
        "EXIT_CODE",
        "EXIT_STATUS",
        "MONITOR_SERVICE_RESULT",
        "MONITOR_EXIT_CODE",
        "MONITOR_EXIT_STATUS",
        "MONITOR_INVOCATION_ID",
        "MONITOR_UNIT",
        "TRIGGER_TIMER_REALTIME_USEC",
        "TRIGGER_TIMER_MONOTONIC_USEC",
        "DEBUG_INVOCATION",
        "SYSTEMD_NSS_DYNAMIC_BYPASS",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    };

    /// <summary>What podman passes on (podman-run(1), --http-proxy).</summary>
    private static readonly HashSet<string> s_proxies = new(
        new[] { "http_proxy", "https_proxy", "ftp_proxy", "no_proxy" }.SelectMany(n =>
            new[] { n, n.ToUpperInvariant() }
        ),
        StringComparer.Ordinal
    );

    /// <summary>The paths that a manager gives where nobody sets others (path-util.h, DEFAULT_PATH), with and without
    /// /sbin apart.</summary>
    private static readonly string[] s_paths =
    [
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "/usr/local/bin:/usr/bin",
    ];

    /// <summary>Sets what every container has that is not said otherwise, as podman's do, where config.json is ours:
    /// that it is one, and its host name.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="host">The host's name, which a container has without one of its own.</param>
    public static void AddUsual(JsonObject document, string host)
    {
        if (StartAnnotations.Lines(document, StartAnnotations.Environment).Count == 0)
        {
            return;
        }

        foreach (
            (string name, string value) in ((string, string)[])
                [("container", "oci"), ("HOSTNAME", document["hostname"]?.ToString() ?? host)]
        )
        {
            if (!BundleConfig.HasVariable(document, name))
            {
                BundleConfig.SetVariable(document, name, value);
            }
        }
    }

    /// <summary>Sets them, where config.json asks for it.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="own">The launcher's variables.</param>
    /// <param name="ofManager">
    /// Give the manager's own, <c>NAME=VALUE</c> each: every unit has them. The first costs nothing; the second is
    /// asked where that leaves any. Null: nobody tells them from the unit's.
    /// </param>
    /// <param name="ofDropIns">Gives the names that drop-ins of the unit set, whatever else sets them to the same;
    /// null for none.</param>
    public static void Add(
        JsonObject document,
        IDictionary own,
        (Func<IReadOnlyCollection<string>> Known, Func<IReadOnlyCollection<string>> Asked)? ofManager,
        Func<IReadOnlyCollection<string>>? ofDropIns = null
    )
    {
        IReadOnlyList<string> asked = StartAnnotations.Lines(document, StartAnnotations.Environment);
        if (asked.Count == 0)
        {
            return;
        }

        bool proxies = !asked.Contains(StartAnnotations.NoProxies, StringComparer.Ordinal);
        bool all = asked.Contains(StartAnnotations.AllVariables, StringComparer.Ordinal);
        (string Name, string Value)[] mine =
        [
            .. own.Cast<DictionaryEntry>()
                .Select(v => (Name: (string)v.Key, Value: (string?)v.Value ?? ""))
                .Where(v => !s_managers.Contains(v.Name) && (proxies || !s_proxies.Contains(v.Name)))
                .OrderBy(v => v.Name, StringComparer.Ordinal),
        ];
        HashSet<string> dropIns = [.. ofDropIns?.Invoke() ?? []];
        HashSet<string> manager = [.. ofManager?.Known() ?? []];
        if (ofManager is { } asking && mine.Any(v => !dropIns.Contains(v.Name) && !IsManagers(v.Name, v.Value)))
        {
            manager.UnionWith(asking.Asked());
        }

        HashSet<string> files = FilesOf(asked);
        foreach ((string name, string value) in mine)
        {
            bool isManagers =
                ofManager is null
                || (
                    !dropIns.Contains(name)
                    && (IsManagers(name, value) || IsService(name, value) || files.Contains($"{name}={value}"))
                );
            if (
                (!isManagers || all || s_proxies.Contains(name))
                && !(isManagers && BundleConfig.HasVariable(document, name))
            )
            {
                BundleConfig.SetVariable(document, name, value);
            }
        }

        bool IsService(string name, string value) =>
            asked.Contains(StartAnnotations.OfService(name, value), StringComparer.Ordinal)
            || asked.Contains(StartAnnotations.OfService(name, null), StringComparer.Ordinal);

        bool IsManagers(string name, string value) =>
            manager.Contains($"{name}={value}") || (name == "PATH" && s_paths.Contains(value, StringComparer.Ordinal));
    }

    /// <summary>What the files say that the declaring file's EnvironmentFile= names; nothing of those that can't be
    /// read.</summary>
    private static HashSet<string> FilesOf(IReadOnlyList<string> asked)
    {
        HashSet<string> variables = new(StringComparer.Ordinal);
        foreach (string line in asked.Where(l => l.StartsWith(StartAnnotations.ServiceFile, StringComparison.Ordinal)))
        {
            try
            {
                foreach (
                    string file in EnvironmentFileText.Named(
                        line[StartAnnotations.ServiceFile.Length..],
                        static path => path
                    )
                )
                {
                    variables.UnionWith(
                        EnvironmentFileText
                            .Parse(BoundedFile.ReadText("/", file, MaxBytes) ?? "")
                            .Select(v => $"{v.Name}={v.Value}")
                    );
                }
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
            {
                // systemd says what it can't read.
            }
        }

        return variables;
    }

    /// <summary>Those that the system's manager gives units because somebody told it to (DefaultEnvironment=,
    /// <c>systemctl set-environment</c>); none where it does not answer.</summary>
    public static IReadOnlyCollection<string> AskManager()
    {
        try
        {
            using SystemdBus systemd = new(user: null);
            return
            [
                .. systemd
                    .GetEnvironmentAsync(CancellationToken.None)
                    .GetAwaiter()
                    .GetResult()
                    .Select(v => $"{v.Key}={v.Value}"),
            ];
        }
        catch (SysctrException)
        {
            return [];
        }
    }

    /// <summary>The manager's: those of its process, and the host's language.</summary>
    /// <param name="manager">Its process id.</param>
    public static IReadOnlyCollection<string> OfManager(int manager)
    {
        try
        {
            // locale.conf(5): the manager reads it for itself and gives it to every unit.
            IEnumerable<string> locale = File.Exists("/etc/locale.conf")
                ? File.ReadLines("/etc/locale.conf").Concat(Default())
                : Default();
            return
            [
                .. File.ReadAllText($"/proc/{manager}/environ").Split('\0', StringSplitOptions.RemoveEmptyEntries),
                .. locale.Select(l => l.Trim().Replace("\"", "", StringComparison.Ordinal)),
                "LANG=C.UTF-8",
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        static IEnumerable<string> Default() =>
            File.Exists("/etc/default/locale") ? File.ReadLines("/etc/default/locale") : [];
    }
}
