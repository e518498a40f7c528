// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;

namespace SystemContainers.Fleet.Etcd;

/// <summary>
/// Which semaphore a roll-out goes by: <c>etcd:[https://]HOST:PORT[,HOST:PORT...]/KEY[?slots=N][&amp;ttl=SECONDS]</c>.
/// </summary>
/// <param name="Endpoints">Members of the etcd cluster, <c>host:port</c>, in the order in which they are asked.</param>
/// <param name="Scheme"><c>http</c> or <c>https</c>; null where the settings decide.</param>
/// <param name="Key">Prefix of the semaphore's keys, without slashes at its ends.</param>
/// <param name="Slots">How many hosts may update at once.</param>
/// <param name="TimeToLive">After how long etcd forgets a host of which it hears nothing.</param>
sealed record LockReference(IReadOnlyList<string> Endpoints, string? Scheme, string Key, int Slots, TimeSpan TimeToLive)
{
    private const string Shape = "as in etcd:HOST:PORT[,HOST:PORT...]/KEY?slots=N";
    private const int DefaultPort = 2379;
    private const int DefaultTimeToLive = 60;

    /// <summary>Reads what the user or sysctr.toml says.</summary>
    /// <exception cref="SysctrException">Usage: it has another form.</exception>
    public static LockReference Parse(string text)
    {
        if (!text.StartsWith("etcd:", StringComparison.Ordinal))
        {
            throw Wrong(text, "it names no engine that we know");
        }

        string[] halves = text["etcd:".Length..].Split('?', 2);
        (string? scheme, string rest) = SplitScheme(halves[0]);
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string key = slash < 0 ? "" : rest[(slash + 1)..].Trim('/');
        if (key.Length == 0)
        {
            throw Wrong(text, "the key is missing");
        }

        Dictionary<string, string> options = Options(text, halves.ElementAtOrDefault(1));
        return new LockReference(
            [.. rest[..slash].Split(',').Select(e => Endpoint(text, e))],
            scheme,
            key,
            Number(text, options, "slots", 1, least: 1),
            TimeSpan.FromSeconds(Number(text, options, "ttl", DefaultTimeToLive, least: 2))
        );
    }

    /// <summary>Where a person finds it: endpoints and key, as they were given.</summary>
    public override string ToString() =>
        $"etcd:{(Scheme is null ? "" : Scheme + "://")}{string.Join(',', Endpoints)}/{Key}";

    private static (string? Scheme, string Remainder) SplitScheme(string text)
    {
        foreach (string scheme in (string[])["http", "https"])
        {
            if (text.StartsWith(scheme + "://", StringComparison.Ordinal))
            {
                // Lists are often written as etcdctl has them, the scheme before each endpoint.
                return (scheme, text.Replace(scheme + "://", "", StringComparison.Ordinal));
            }
        }

        return (null, text);
    }

    private static string Endpoint(string text, string endpoint)
    {
        bool hasPort = endpoint.LastIndexOf(':') > endpoint.LastIndexOf(']');
        string whole = hasPort ? endpoint : $"{endpoint}:{DefaultPort}";
        return
            Uri.TryCreate($"http://{whole}/", UriKind.Absolute, out Uri? address)
            && address.UserInfo.Length == 0
            && address.AbsolutePath == "/"
            ? whole
            : throw Wrong(text, $"'{endpoint}' is not HOST:PORT");
    }

    private static Dictionary<string, string> Options(string text, string? query)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string option in query?.Split('&') ?? [])
        {
            string[] pair = option.Split('=', 2);
            if (pair.Length != 2 || pair[0] is not ("slots" or "ttl") || !options.TryAdd(pair[0], pair[1]))
            {
                throw Wrong(text, $"'{option}' is neither slots=N nor ttl=SECONDS");
            }
        }

        return options;
    }

    private static int Number(string text, Dictionary<string, string> options, string name, int otherwise, int least) =>
        !options.TryGetValue(name, out string? value) ? otherwise
        : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number >= least
        && number <= 86400
            ? number
        : throw Wrong(text, $"{name}={value} is not a number from {least} to 86400");

    private static SysctrException Wrong(string text, string why) =>
        new(ErrorKind.Usage, $"lock '{text}': {why}", Shape);
}
