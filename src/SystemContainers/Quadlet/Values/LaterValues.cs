// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Settings;

namespace SystemContainers.Quadlet.Values;

/// <summary>
/// Of secrets for one place the later counts, which is what podman starts with; of ports of the host, too, where podman
/// would fail at the start. Files grow by drop-ins, which can add to a list and take nothing out of it.
/// </summary>
/// <param name="settings">Values by options; what does not count is taken out.</param>
/// <param name="said">Where they stand.</param>
/// <param name="faults">Is told what does not count.</param>
sealed class LaterValues(Dictionary<string, List<string>> settings, SaidSettings said, QuadletFaults faults)
{
    private const string Secret = "secret";

    /// <summary>Does it.</summary>
    public void Keep()
    {
        Keep(
            Secret,
            static v => v,
            static (earlier, later) =>
                SecretSetting.Key(earlier) is var key && key == SecretSetting.Key(later)
                    ? $"is about {key.TrimEnd('=')}, too"
                    : null
        );
        Keep(
            PublishedPort.Option,
            PublishedPort.Parse,
            static (earlier, later) => later.Replaces(earlier) ? $"has {later.Shared(earlier)}, too" : null
        );
    }

    private void Keep<T>(string option, Func<string, T> parse, Func<T, T, string?> why)
        where T : notnull
    {
        if (!settings.TryGetValue(option, out List<string>? values))
        {
            return;
        }

        // Each value is compared with all others, and parsed once.
        Dictionary<string, T> parsed = new(StringComparer.Ordinal);
        for (int later = 1; later < values.Count; later++)
        {
            for (int earlier = later - 1; earlier >= 0; earlier--)
            {
                (string one, string other) = (values[later], values[earlier]);
                if (one != other && why(Parsed(other), Parsed(one)) is { } text)
                {
                    SettingFault both = new(option, one, text + "; the later one counts") { Other = (option, other) };
                    faults.Note(said.Place(option, one), said.Text(both));
                    values.RemoveAt(earlier);
                    later--;
                }
            }
        }

        T Parsed(string value) => parsed.TryGetValue(value, out T? known) ? known : parsed[value] = parse(value);
    }
}
