// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Serialization;
using SystemContainers.Linux.Users;

namespace SystemContainers.State;

/// <summary>Who called sysctr, as far as the kernel and sudo tell.</summary>
sealed record HistoryActor
{
    /// <summary>The service that updates at night; see packaging/systemd.</summary>
    private const string UpdateService = "sysctr-update.service";

    private const uint NoLogin = uint.MaxValue;

    private static readonly Lazy<HistoryActor> s_caller = new(Read);

    /// <summary>The caller of this process.</summary>
    public static HistoryActor Caller => s_caller.Value;

    /// <summary>The effective user.</summary>
    public required uint Uid { get; init; }

    /// <summary>Its name; the number where it has none.</summary>
    public required string User { get; init; }

    /// <summary>Who had logged in, as the audit subsystem keeps it over su and sudo; null for what no login stands
    /// behind.</summary>
    public uint? LoginUid { get; init; }

    /// <summary>The name of <see cref="LoginUid"/>.</summary>
    public string? LoginUser { get; init; }

    /// <summary>Who called sudo, by its own word.</summary>
    public string? SudoUser { get; init; }

    /// <summary>The service that it ran in; null for a login session.</summary>
    public string? Unit { get; init; }

    /// <summary>All of it in a word: the person where there is one, "timer", another service, or the user.</summary>
    [JsonIgnore]
    public string Name => Unit == UpdateService ? "timer" : LoginUser ?? SudoUser ?? Unit ?? User;

    private static HistoryActor Read()
    {
        // Inside a user's namespace the kernel tells numbers of the namespace.
        Func<uint, uint> outside = HostUser.IsInNamespace ? IdMap.OfThisProcess().UidOutside : id => id;
        uint uid = outside(Linux.Native.Libc.geteuid());
        uint? login = LoginOf(ReadLine("/proc/self/loginuid")) is { } inside ? outside(inside) : null;
        return new HistoryActor
        {
            Uid = uid,
            User = UserNames.Of(uid),
            LoginUid = login,
            LoginUser = login is { } id ? UserNames.Of(id) : null,
            SudoUser = Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } sudo ? sudo : null,
            Unit = ServiceOf(ReadLine("/proc/self/cgroup")),
        };
    }

    /// <summary>What /proc/self/loginuid says; null for its way to say "nobody".</summary>
    private static uint? LoginOf(string text) =>
        uint.TryParse(text, CultureInfo.InvariantCulture, out uint uid) && uid != NoLogin ? uid : null;

    /// <summary>The service in cgroup v2's line, <c>0::/system.slice/NAME.service</c>, which is the last one of
    /// /proc/self/cgroup.</summary>
    internal static string? ServiceOf(string line) =>
        line[(line.LastIndexOf('/') + 1)..] is var last && last.EndsWith(".service", StringComparison.Ordinal)
            ? last
            : null;

    private static string ReadLine(string file)
    {
        try
        {
            return File.ReadLines(file).LastOrDefault() ?? "";
        }
        catch (IOException)
        {
            // A kernel without auditing has no loginuid.
            return "";
        }
    }
}
