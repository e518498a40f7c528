// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux.Users;

namespace SystemContainers.Runtime;

/// <summary>One attempt of a health check: from the host, for a payload's own word is not enough.</summary>
static class HealthProbe
{
    private static readonly HttpClient s_http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            SslOptions = new System.Net.Security.SslClientAuthenticationOptions
            {
                // As kubelet does it: whether a service answers is asked, and by which name its certificate knows it
                // is nobody's business here.
#pragma warning disable CA5359
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
        }
    )
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Tries everything that the check names, once.</summary>
    /// <param name="runtime">The container's runtime, for the command.</param>
    /// <param name="id">The runtime's name for the container.</param>
    /// <param name="config">config.json of what runs, as <see cref="ContainerProcess.ConfigOf"/>.</param>
    /// <param name="user">Whose container it is; null for the system's.</param>
    /// <param name="limit">How long it may take.</param>
    /// <returns>Null where all holds; else what did not and why, without a final dot.</returns>
    public static async Task<string?> RunAsync(
        HealthCheck check,
        OciRuntime runtime,
        string id,
        string config,
        HostUser? user,
        TimeSpan limit,
        CancellationToken cancellation
    )
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(limit);
        string asked = "";
        try
        {
            asked = $"GET {check.Http}";
            string? why = check.Http is null ? null : await GetAsync(check.Http, timeout.Token);
            if (why is null && check.Tcp is not null)
            {
                asked = $"connecting to {check.Tcp}";
                why = await ConnectAsync(check.Tcp, timeout.Token);
            }

            if (why is null && check.Command is not null)
            {
                asked = $"'{string.Join(' ', check.Command)}'";
                why = await ContainerExec.RunAsync(
                    runtime,
                    id,
                    check.Command,
                    check.WorkingDirectory,
                    config,
                    user,
                    timeout.Token
                );
            }

            return why is null ? null : $"{asked}: {why}";
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Unit)
        {
            // It is being started anew, or has ended; the next try finds out.
            return $"{asked}: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{asked}: no answer within {limit.TotalSeconds:0.#} s";
        }
    }

    private static async Task<string?> GetAsync(string url, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage response = await s_http.GetAsync(
                new Uri(url),
                HttpCompletionOption.ResponseHeadersRead,
                cancellation
            );
            return response.IsSuccessStatusCode
                ? null
                : $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
        }
        catch (HttpRequestException e)
        {
            return (e.InnerException ?? e).Message;
        }
    }

    private static async Task<string?> ConnectAsync(string target, CancellationToken cancellation)
    {
        DnsEndPoint endPoint =
            ImageHealth.DnsEndPointOf(target)
            ?? throw new SysctrException(ErrorKind.Corrupt, $"checking health: '{target}' is not HOST:PORT");
        try
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endPoint, cancellation);
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }
}
