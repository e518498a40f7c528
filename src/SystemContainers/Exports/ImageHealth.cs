// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using SystemContainers.Templates;

namespace SystemContainers.Exports;

/// <summary>
/// What an image says of its health check, not rendered yet. Where it says several things, the strongest holds:
/// <c>health</c> in manifest.json, labels <c>sysctr.health.*</c>, HEALTHCHECK (Docker's Healthcheck in the image's
/// configuration).
/// </summary>
/// <param name="Command">Program and arguments, each with its variables; empty for none.</param>
/// <param name="Http">A URL; null for none.</param>
/// <param name="Tcp">HOST:PORT; null for none.</param>
/// <param name="Timeout">Seconds; null for the default.</param>
/// <param name="Interval">Seconds; null for the default.</param>
/// <param name="Attempt">Seconds; null for the default.</param>
sealed partial record ImageHealth(
    IReadOnlyList<ExportFile> Command,
    ExportFile? Http,
    ExportFile? Tcp,
    ExportFile? Timeout,
    ExportFile? Interval,
    double? Attempt = null
)
{
    private const double MaxSeconds = 3600;

    /// <summary>Whether it is the image's HEALTHCHECK, as it is without options, labels and a manifest that say
    /// another.</summary>
    public bool IsHealthcheck { get; init; }

    /// <summary>Every text that may mention variables.</summary>
    public IEnumerable<ExportFile> Texts => Command.Concat(new[] { Http, Tcp, Timeout, Interval }.OfType<ExportFile>());

    private bool HasCheck => Command.Count > 0 || Http is not null || Tcp is not null;

    /// <summary>Puts the values in.</summary>
    /// <returns>Null where the image asks for no check.</returns>
    /// <exception cref="Errors.SysctrException">Template: a variable has no value, or a text is not what it has to
    /// be.</exception>
    public HealthCheck? Render(IReadOnlyDictionary<string, string> values)
    {
        if (!HasCheck)
        {
            return null;
        }

        HealthCheck defaults = new();
        return new HealthCheck
        {
            Command =
                Command.Count == 0
                    ? null
                    :
                    [
                        .. Command.Select(c =>
                            Checked(
                                c,
                                t => !t.Contains('\0', StringComparison.Ordinal),
                                "a string without NUL characters"
                            )!
                        ),
                    ],
            Http = Checked(Http, IsUrl, "an http: or https: URL"),
            Tcp = Checked(Tcp, t => DnsEndPointOf(t) is not null, "HOST:PORT"),
            Timeout = Seconds(Timeout) ?? defaults.Timeout,
            Interval = Seconds(Interval) ?? defaults.Interval,
            Attempt = Attempt ?? defaults.Attempt,
        };

        string? Checked(ExportFile? text, Func<string, bool> isRight, string wanted)
        {
            string? rendered = text is null ? null : TemplateText.Render(text, values);
            return rendered is null || isRight(rendered)
                ? rendered
                : throw TemplateErrors.At(text!.Path, $"it has to be {wanted}, not '{rendered}'");
        }

        double? Seconds(ExportFile? text) =>
            Checked(text, t => ParseSeconds(t) is > 0 and <= MaxSeconds, $"a number of seconds, at most {MaxSeconds}")
                is { } seconds
                ? ParseSeconds(seconds)
                : null;
    }

    /// <summary>HOST:PORT with a name or an address, IPv6 in brackets; null where it is none.</summary>
    public static DnsEndPoint? DnsEndPointOf(string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon > 0 ? text[..colon] : "";
        host =
            host.StartsWith('[') && host.EndsWith(']') ? host[1..^1]
            : host.Contains(':', StringComparison.Ordinal) ? ""
            : host;
        return
            host.Length > 0
            && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            && port > 0
            ? new DnsEndPoint(host, port)
            : null;
    }

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);

    private static double? ParseSeconds(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            ? seconds
            : null;
}
