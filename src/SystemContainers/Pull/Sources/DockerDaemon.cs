// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>The local Docker daemon, or another that speaks its API (podman), over its socket: Docker Engine API,
/// "Export an image".</summary>
static class DockerDaemon
{
    private const string Unix = "unix://";

    /// <summary>Has the daemon save an image, and takes that.</summary>
    /// <exception cref="SysctrException">
    /// Unreachable: there is no daemon; Permission: it does not let us in; NotFound: it has no such image; Corrupt: it
    /// sent no archive.
    /// </exception>
    public static async Task<ArchiveFile> SaveAsync(
        ImageReference reference,
        PullOptions options,
        CancellationToken cancellation
    )
    {
        string doing = $"reading {reference}";
        string socket = SocketPath(options.DockerSocket, doing);
        using SocketsHttpHandler handler = new() { ConnectCallback = (_, token) => ConnectAsync(socket, token) };
        using HttpMessageInvoker client = new(handler);

        string name = reference.ImageId?.ToString() ?? $"{reference.Name}:{reference.Tag}";

        // By its path alone: HTTP wants some host's name.
        using HttpRequestMessage request = new(
            HttpMethod.Get,
            $"http://docker/images/{Uri.EscapeDataString(name)}/get"
        );
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(options.DaemonTimeout);
        try
        {
            using HttpResponseMessage response = await client.SendAsync(request, patience.Token);
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                byte[] body = await Body.ReadAtMostAsync(response, OciLimits.MaxErrorBytes, cancellation);
                throw Refused(reference, socket, response.StatusCode, body);
            }

            await using Stream archive = await response.Content.ReadAsStreamAsync(cancellation);
            return await ArchiveFile.SpoolAsync(archive, doing, options, cancellation);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new SysctrException(
                ErrorKind.Unreachable,
                $"{doing}: the daemon at {socket} does not answer",
                inner: e
            );
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(doing, socket, e);
        }
        catch (HttpIOException e)
        {
            throw new SysctrException(
                ErrorKind.Unreachable,
                $"{doing}: the daemon at {socket} broke off: {e.Message}",
                "'journalctl -u docker' may say why",
                e
            );
        }
    }

    private static string SocketPath(string configured, string doing) =>
        configured.StartsWith(Unix, StringComparison.Ordinal) ? configured[Unix.Length..]
        : configured.StartsWith('/') ? configured
        : throw new SysctrException(
            ErrorKind.Usage,
            $"{doing}: DOCKER_HOST is {Redact.Text(configured)}",
            "only a daemon of this host can be asked: unix:///run/docker.sock"
        );

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SysctrException Unreachable(string doing, string socket, HttpRequestException e) =>
        e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied }
            ? new SysctrException(ErrorKind.Permission, $"{doing}: {socket} may not be opened", inner: e)
            : new SysctrException(
                ErrorKind.Unreachable,
                $"{doing}: no daemon answers at {socket}: {(File.Exists(socket) ? Redact.Text(e.InnerException?.Message ?? e.Message) : "there is no such socket")}",
                "start it ('systemctl start docker'), name its socket with DOCKER_HOST=unix://PATH, or 'docker save' the image where it is and use docker-archive:",
                e
            );

    private static SysctrException Refused(ImageReference reference, string socket, HttpStatusCode status, byte[] body)
    {
        string said = Redact.Text(System.Text.Encoding.UTF8.GetString(body).Trim());
        bool missing =
            status == HttpStatusCode.NotFound || said.Contains("No such image", StringComparison.OrdinalIgnoreCase);
        return missing
            ? new SysctrException(
                ErrorKind.NotFound,
                $"reading {reference}: the daemon at {socket} has no such image",
                "'docker image ls' shows what it has"
            )
            : new SysctrException(
                ErrorKind.Failed,
                $"reading {reference}: the daemon at {socket} answers HTTP {(int)status}: {said}"
            );
    }
}
