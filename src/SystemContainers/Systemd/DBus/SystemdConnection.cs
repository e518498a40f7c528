// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using SystemContainers.Errors;
using Tmds.DBus.Protocol;

namespace SystemContainers.Systemd.DBus;

/// <summary>
/// A connection to systemd over D-Bus: calls with a time-out, and what systemd tells unasked. Any thread may use it,
/// several at a time. Errors are <see cref="SysctrException"/> with the package's own inside.
/// </summary>
sealed class SystemdConnection : IDisposable
{
    public const string ManagerPath = "/org/freedesktop/systemd1";
    public const string Manager = Destination + ".Manager";

    private const string Destination = "org.freedesktop.systemd1";
    private const string Properties = "org.freedesktop.DBus.Properties";

    /// <summary>The time that most calls have.</summary>
    public static readonly TimeSpan Quick = TimeSpan.FromSeconds(30);

    private readonly DBusConnection _connection;
    private readonly SemaphoreSlim _matching = new(1);
    private readonly Lock _gate = new();
    private readonly List<Channel<SystemdSignal>> _listeners = [];
    private bool _matched;

    private SystemdConnection(DBusConnection connection) => _connection = connection;

    /// <summary>Writes what a call has to say.</summary>
    public delegate void ArgumentWriter(ref MessageWriter writer);

    /// <summary>Whether the other side is gone; this object then is of no more use.</summary>
    public bool IsLost { get; private set; }

    /// <summary>systemd's version, such as 252.</summary>
    public int Version { get; private set; }

    /// <summary>Connects, and makes sure that it is systemd that answers.</summary>
    /// <exception cref="SysctrException">Unit: it does not.</exception>
    public static async Task<SystemdConnection> OpenAsync(SystemdAddress address, CancellationToken cancellation)
    {
        DBusConnection connection = new(new Options(address));
        SystemdConnection systemd = new(connection);
        try
        {
            await AnswerAsync("connecting", connection.ConnectAsync().AsTask(), Quick, cancellation);
            systemd.Version = SystemdVersion.Parse(
                "systemd " + (await systemd.GetAsync(ManagerPath, Manager, "Version", cancellation)).GetString()
            );
            _ = systemd.WatchAsync();
            return systemd;
        }
        catch
        {
            systemd.Dispose();
            throw;
        }
    }

    /// <summary>The object path of a unit; systemd loads the unit when it is asked about it
    /// (sd_bus_path_encode(3)).</summary>
    public static string PathOf(string unit) =>
        ManagerPath
        + "/unit/"
        + string.Concat(
            System
                .Text.Encoding.UTF8.GetBytes(unit)
                .Select(
                    (b, i) =>
                        char.IsAsciiLetter((char)b) || (i > 0 && char.IsAsciiDigit((char)b))
                            ? ((char)b).ToString()
                            : $"_{b:x2}"
                )
        );

    /// <summary>Calls a method of the manager whose reply does not matter.</summary>
    /// <param name="member">The method.</param>
    /// <param name="signature">Of its arguments.</param>
    /// <param name="timeout">How long the reply may take.</param>
    /// <param name="cancellation">Ends the wait for the reply; the call was made.</param>
    /// <exception cref="SysctrException">Unit, or Storage where systemd could not write: an error reply, a time-out, a
    /// lost connection.</exception>
    public Task CallAsync(
        string member,
        string? signature,
        ArgumentWriter? write,
        TimeSpan timeout,
        CancellationToken cancellation
    ) => CallAsync(member, signature, write, static (_, _) => true, timeout, cancellation);

    /// <summary>Calls a method of the manager.</summary>
    /// <inheritdoc cref="CallAsync(string, string?, ArgumentWriter?, TimeSpan, CancellationToken)"/>
    public Task<T> CallAsync<T>(
        string member,
        string? signature,
        ArgumentWriter? write,
        MessageValueReader<T> read,
        TimeSpan timeout,
        CancellationToken cancellation
    ) =>
        AnswerAsync(
            member,
            _connection.CallMethodAsync(Message(ManagerPath, Manager, member, signature, write), read),
            timeout,
            cancellation
        );

    /// <summary>Reads a property.</summary>
    public Task<VariantValue> GetAsync(string path, string @interface, string name, CancellationToken cancellation)
    {
        MessageBuffer message = Message(
            path,
            Properties,
            "Get",
            "ss",
            (ref MessageWriter writer) =>
            {
                writer.WriteString(@interface);
                writer.WriteString(name);
            }
        );
        return AnswerAsync(
            name,
            _connection.CallMethodAsync(message, static (reply, _) => reply.GetBodyReader().ReadVariantValue()),
            Quick,
            cancellation
        );
    }

    /// <summary>Reads all properties of an object, of all its interfaces.</summary>
    public Task<Dictionary<string, VariantValue>> GetAllAsync(string path, CancellationToken cancellation)
    {
        MessageBuffer message = Message(
            path,
            Properties,
            "GetAll",
            "s",
            static (ref MessageWriter writer) => writer.WriteString("")
        );
        return AnswerAsync(
            "GetAll",
            _connection.CallMethodAsync(
                message,
                static (reply, _) => reply.GetBodyReader().ReadDictionaryOfStringToVariantValue()
            ),
            Quick,
            cancellation
        );
    }

    /// <summary>Begins to keep what systemd tells of jobs and units. To be called before what leads to it: a quick job
    /// is over before its reply is read.</summary>
    public async Task<SignalQueue> ListenAsync(CancellationToken cancellation)
    {
        await _matching.WaitAsync(cancellation);
        try
        {
            if (!_matched)
            {
                await MatchAsync(
                    new MatchRule
                    {
                        Interface = Manager,
                        Member = "JobRemoved",
                        Path = ManagerPath,
                    },
                    ReadJob,
                    cancellation
                );

                // systemd tells the properties of the unit's kind first, then these: who asks then sees all of it.
                await MatchAsync(
                    new MatchRule
                    {
                        Interface = Properties,
                        Member = "PropertiesChanged",
                        Arg0 = Destination + ".Unit",
                    },
                    ReadUnit,
                    cancellation
                );

                // Without it, systemd tells on a bus of our own jobs alone.
                await CallAsync("Subscribe", null, null, Quick, cancellation);
                _matched = true;
            }
        }
        finally
        {
            _matching.Release();
        }

        Channel<SystemdSignal> signals = Channel.CreateUnbounded<SystemdSignal>();
        lock (_gate)
        {
            _listeners.Add(signals);
            if (IsLost)
            {
                signals.Writer.TryComplete();
            }
        }

        return new SignalQueue(signals.Reader, () => Forget(signals));
    }

    private void Forget(Channel<SystemdSignal> signals)
    {
        lock (_gate)
        {
            _listeners.Remove(signals);
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        _matching.Dispose();
    }

    /// <summary>The order is the argument: uoss is id, job, unit, result.</summary>
    private static SystemdSignal ReadJob(Message message, object? state)
    {
        Reader reader = message.GetBodyReader();
        _ = reader.ReadUInt32();
        string path = reader.ReadObjectPathAsString();
        string unit = reader.ReadString();
        return new SystemdSignal(path, unit, reader.ReadString());
    }

    private static SystemdSignal ReadUnit(Message message, object? state) =>
        new(message.PathAsString ?? "", "", JobResult: null);

    private async Task MatchAsync(
        MatchRule rule,
        MessageValueReader<SystemdSignal> read,
        CancellationToken cancellation
    )
    {
        // On a bus others could send the like. The package asks the bus who systemd is.
        rule.Type = MessageType.Signal;
        rule.Sender = Destination;
        await AnswerAsync(
            rule.Member!,
            _connection.AddMatchAsync(rule, read, Deliver, emitOnCapturedContext: false).AsTask(),
            Quick,
            cancellation
        );
    }

    private void Deliver(Notification<SystemdSignal> notification)
    {
        lock (_gate)
        {
            foreach (Channel<SystemdSignal> listener in _listeners)
            {
                listener.Writer.TryWrite(notification.Value);
            }
        }
    }

    /// <summary>Wakes those who wait for what will not come any more.</summary>
    private async Task WatchAsync()
    {
        try
        {
            await _connection.DisconnectedAsync();
        }
        catch (DBusExceptionBase)
        {
            // It was gone before anybody could ask when.
        }

        lock (_gate)
        {
            IsLost = true;
            _listeners.ForEach(l => l.Writer.TryComplete());
        }
    }

    private MessageBuffer Message(
        string path,
        string @interface,
        string member,
        string? signature,
        ArgumentWriter? write
    )
    {
        MessageWriter writer = _connection.GetMessageWriter();
        try
        {
            writer.WriteMethodCallHeader(Destination, path, @interface, member, signature);
            write?.Invoke(ref writer);
            return writer.CreateMessage();
        }
        finally
        {
            writer.Dispose();
        }
    }

    private static async Task<T> AnswerAsync<T>(
        string call,
        Task<T> answer,
        TimeSpan timeout,
        CancellationToken cancellation
    )
    {
        await AnswerAsync(call, (Task)answer, timeout, cancellation);
        return await answer;
    }

    private static async Task AnswerAsync(string call, Task answer, TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            await answer.WaitAsync(timeout, cancellation);
        }
        catch (DBusErrorReplyException e)
        {
            // systemd writes links and files itself, and its disk is ours.
            bool disk =
                e.ErrorName
                is "System.Error.ENOSPC"
                    or "System.Error.EDQUOT"
                    or "System.Error.EROFS"
                    or "System.Error.EIO";
            throw new SysctrException(
                disk ? ErrorKind.Storage : ErrorKind.Unit,
                $"asking systemd, {call}: {e.ErrorMessage}",
                inner: e
            );
        }
        catch (DBusExceptionBase e)
        {
            throw new SysctrException(ErrorKind.Unit, $"asking systemd, {call}: {e.Message}", inner: e);
        }
        catch (TimeoutException e)
        {
            throw new SysctrException(
                ErrorKind.Unit,
                $"asking systemd, {call}: no answer in {timeout.TotalSeconds:0} s",
                inner: e
            );
        }
        finally
        {
            // Off the thread that reads from the connection: what follows may take its time.
            await Task.Yield();
        }
    }

    private sealed class Options(SystemdAddress address) : DBusConnectionOptions
    {
        protected override async ValueTask<SetupResult> SetupAsync(CancellationToken cancellationToken) =>
            new(address.Address)
            {
                ConnectionStream = address.IsOwnSocket
                    ? await SystemdStream.ConnectAsync(address.Address, cancellationToken)
                    : null,
                UserId = address.Uid.ToString(System.Globalization.CultureInfo.InvariantCulture),

                // Only told to those who ask us; the package would read a file for it.
                MachineId = new string('0', 32),
            };
    }
}
