// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using SystemContainers.Pull.Options;

namespace SystemContainers.Pull.Http;

/// <summary>What is worth another attempt, and when.</summary>
static class RetryRules
{
    /// <summary>A registry that is busy or restarting.</summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status
            is HttpStatusCode.RequestTimeout
                or HttpStatusCode.TooManyRequests
                or HttpStatusCode.InternalServerError
                or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout;

    /// <summary>
    /// A connection that was cut or stalled. Not one that was never made: a wrong name, a closed port or a wrong
    /// certificate do not get better in seconds, and the user waits.
    /// </summary>
    public static bool IsTransient(Exception e) =>
        e switch
        {
            HttpRequestException
            {
                HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
            } => false,
            HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset } } =>
                true,
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => false,
            HttpRequestException or IOException or TimeoutException => true,
            _ => false,
        };

    /// <summary>The pause before attempt <paramref name="next"/> (the second is 2).</summary>
    public static TimeSpan Pause(PullOptions options, int next, RetryConditionHeaderValue? retryAfter)
    {
        // A quarter of chance, so that a fleet that was cut off at once does not come back at once.
        double doubled =
            options.FirstPause.TotalMilliseconds * Math.Pow(2, next - 2) * (0.75 + (0.5 * Random.Shared.NextDouble()));
        double asked = Asked(retryAfter)?.TotalMilliseconds ?? 0;
        return TimeSpan.FromMilliseconds(
            Math.Clamp(Math.Max(doubled, asked), 0, options.LongestPause.TotalMilliseconds)
        );
    }

    /// <summary>How long a registry asks to be left alone, by seconds or by a date (RFC 9110, 10.2.3); null where it
    /// does not, or the date is past.</summary>
    public static TimeSpan? Asked(RetryConditionHeaderValue? retryAfter) =>
        (retryAfter?.Delta ?? (retryAfter?.Date - DateTimeOffset.UtcNow)) is { } wait && wait > TimeSpan.Zero
            ? wait
            : null;
}
