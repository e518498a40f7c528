// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Network;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Lets pasta(1) into the namespaces of a user's container while its runtime makes it. The payload's process is of no
/// use for that: runc keeps everybody from it until the payload runs. So a hook of config.json (createContainer, which
/// runs inside) calls at a socket of this start, pasta enters where the caller is, and the hook is told that the
/// network is there.
/// </summary>
sealed class PastaGate : IDisposable
{
    /// <summary>The verb of <c>sysctr launch</c> that the hook is.</summary>
    public const string Verb = "pasta";

    private const int HookSeconds = 60;

    private readonly string _path;
    private readonly Socket _listener;
    private readonly Thread _keeper;
    private SysctrException? _failure;

    /// <param name="bundle">Of this start.</param>
    /// <param name="request">What the container wants.</param>
    public PastaGate(string bundle, NetworkRequest request)
    {
        _path = SocketOf(bundle);
        File.Delete(_path);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(1);

        // A runtime that fails before its hooks never calls: the thread goes with the process.
        _keeper = new Thread(() => Keep(request)) { IsBackground = true };
        _keeper.Start();
    }

    /// <summary>Why there is no network; null where there is, or nobody has called.</summary>
    public SysctrException? Failure => Volatile.Read(ref _failure);

    /// <summary>Has the runtime call.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="bundle">Of this start.</param>
    /// <param name="name">The container.</param>
    public static void Place(JsonObject document, string bundle, string name) =>
        document["hooks"] = new JsonObject
        {
            ["createContainer"] = new JsonArray(
                new JsonObject
                {
                    ["path"] = Environment.ProcessPath!,
                    ["args"] = new JsonArray("sysctr", "launch", Verb, $"--bundle={bundle}", name),
                    ["timeout"] = HookSeconds,
                }
            ),
        };

    /// <summary>The hook: calls, and waits until the network is there.</summary>
    /// <returns>Exit status for the runtime, which starts nothing where it is not 0.</returns>
    public static int Call(string bundle)
    {
        using Socket gate = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        gate.Connect(new UnixDomainSocketEndPoint(SocketOf(bundle)));
        return gate.Receive(new byte[1]) == 1 ? 0 : (int)ErrorKind.Host;
    }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(_path);
    }

    /// <summary>A socket's path has 107 bytes at most (unix(7)), and names are longer than that.</summary>
    private static string SocketOf(string bundle) =>
        Path.Join(
            Path.GetDirectoryName(bundle),
            $".pasta-{Oci.Digest.Sha256(System.Text.Encoding.UTF8.GetBytes(Path.GetFileName(bundle))).Short}"
        );

    private void Keep(NetworkRequest request)
    {
        try
        {
            using Socket caller = _listener.Accept();
            try
            {
                Pasta.Start(request, ProcessOf(caller));
            }
            catch (Exception e)
            {
                // Said before the caller hears of it: its end is the runtime's, and that is when it is asked for.
                Volatile.Write(
                    ref _failure,
                    e as SysctrException
                        ?? new SysctrException(
                            ErrorKind.Host,
                            $"making the network of {request.Name}: {e.Message}",
                            inner: e
                        )
                );
                return;
            }

            caller.Send([1]);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody called, and nobody will; or who called is gone, and the runtime says why.
        }
    }

    /// <summary>The caller as this process knows it (unix(7), SO_PEERCRED): in its own PID namespace it has another
    /// number.</summary>
    private static int ProcessOf(Socket caller)
    {
        Span<byte> credentials = stackalloc byte[3 * sizeof(int)];
        caller.GetRawSocketOption(Libc.SOL_SOCKET, Libc.SO_PEERCRED, credentials);
        return MemoryMarshal.Read<int>(credentials);
    }
}
