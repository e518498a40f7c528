// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace SystemContainers.TestBed;

/// <summary>A client of qemu-guest-agent over its socket: one JSON object a line (docs/interop/qemu-ga-ref of
/// QEMU).</summary>
sealed class GuestAgent : IDisposable
{
    private readonly Socket _socket;
    private readonly StreamReader _reader;
    private readonly SemaphoreSlim _turn = new(1);

    private GuestAgent(Socket socket)
    {
        _socket = socket;
        _reader = new StreamReader(new NetworkStream(socket), Encoding.UTF8);
    }

    /// <summary>Connects to QEMU and waits until the guest has come so far that its agent answers.</summary>
    public static async Task<GuestAgent> ConnectAsync(string path, Func<bool> hasEnded, string log)
    {
        for (DateTime end = DateTime.UtcNow + TimeSpan.FromMinutes(5); DateTime.UtcNow < end && !hasEnded();)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                GuestAgent agent = new(socket);
                // What is written before the agent listens waits in QEMU for it.
                await agent.CallAsync("guest-sync", new { id = Environment.ProcessId }, TimeSpan.FromMinutes(5));
                return agent;
            }
            catch (SocketException)
            {
                socket.Dispose();
                await Task.Delay(100);
            }
        }

        throw new InvalidOperationException($"the machine did not start:\n{await File.ReadAllTextAsync(log)}");
    }

    /// <summary>Runs a program in the guest to its end.</summary>
    public async Task<CommandResult> RunAsync(IReadOnlyList<string> commandLine, TimeSpan timeout)
    {
        TimeSpan answer = TimeSpan.FromMinutes(1);
        JsonElement started = await CallAsync(
            "guest-exec",
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["path"] = "/usr/bin/" + commandLine[0],
                ["arg"] = commandLine.Skip(1),
                ["capture-output"] = true,
            },
            answer
        );
        int processId = started.GetProperty("pid").GetInt32();
        for (DateTime end = DateTime.UtcNow + timeout; DateTime.UtcNow < end;)
        {
            JsonElement status = await CallAsync("guest-exec-status", new { pid = processId }, answer);
            if (status.GetProperty("exited").GetBoolean())
            {
                // A program that a signal ended has no exit code; shells say 128 + signal.
                int code = status.TryGetProperty("exitcode", out JsonElement exit)
                    ? exit.GetInt32()
                    : 128 + status.GetProperty("signal").GetInt32();
                return new CommandResult(
                    string.Join(' ', commandLine),
                    code,
                    Text(status, "out-data"),
                    Text(status, "err-data")
                );
            }

            await Task.Delay(30);
        }

        throw new TimeoutException($"{string.Join(' ', commandLine)}: not finished in the machine after {timeout}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
        _turn.Dispose();
    }

    private static string Text(JsonElement status, string name) =>
        status.TryGetProperty(name, out JsonElement data) ? Encoding.UTF8.GetString(data.GetBytesFromBase64()) : "";

    private async Task<JsonElement> CallAsync(string command, object arguments, TimeSpan limit)
    {
        using CancellationTokenSource source = new(limit);
        await _turn.WaitAsync(source.Token);
        try
        {
            string request = JsonSerializer.Serialize(new { execute = command, arguments });
            await _socket.SendAsync(Encoding.UTF8.GetBytes(request + "\n"), SocketFlags.None, source.Token);
            string line =
                await _reader.ReadLineAsync(source.Token)
                ?? throw new InvalidOperationException($"{command}: the machine ended before it answered");
            using JsonDocument answer = JsonDocument.Parse(line);
            return answer.RootElement.TryGetProperty("return", out JsonElement result)
                ? result.Clone()
                : throw new InvalidOperationException($"{command}: {line}");
        }
        finally
        {
            _turn.Release();
        }
    }
}
