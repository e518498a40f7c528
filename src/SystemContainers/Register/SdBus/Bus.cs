using System.Runtime.InteropServices;
using SystemContainers.Linux;

namespace SystemContainers.Register.SdBus;

/// <summary>
/// A connection to systemd over D-Bus. Not thread-safe, as sd-bus itself is not: one object, used by one thread at a time.
/// </summary>
sealed unsafe class Bus : IDisposable
{
    private const string Destination = "org.freedesktop.systemd1";

    /// <summary>How often a wait looks whether it was cancelled.</summary>
    private const ulong PollMicroseconds = 200_000;

    private readonly BusHandle _bus;

    private Bus(BusHandle bus) => _bus = bus;

    /// <summary>Connects to the system's bus, or to the user's.</summary>
    /// <exception cref="DBusException">There is none.</exception>
    public static Bus Open(bool user)
    {
        using HeldSignals held = new();
        int result = user ? SdBusNative.sd_bus_open_user(out BusHandle bus) : SdBusNative.sd_bus_open_system(out bus);
        Check(result, "connecting to D-Bus");
        return new Bus(bus);
    }

    /// <summary>Begins a method call on an object of systemd.</summary>
    public Message NewCall(string path, string @interface, string member)
    {
        Check(
            SdBusNative.sd_bus_message_new_method_call(_bus, out MessageHandle message, Destination, path, @interface, member),
            member);
        return new Message(message, member);
    }

    /// <summary>Sends a call and waits for its reply.</summary>
    /// <param name="call">It; disposed of by its owner.</param>
    /// <param name="timeout">How long the reply may take.</param>
    /// <exception cref="DBusException">An error reply, a timeout, a lost connection.</exception>
    public Message Call(Message call, TimeSpan timeout)
    {
        // A child's end would end the call (EINTR), and nobody could say whether it was sent.
        using HeldSignals held = new();
        SdBusNative.Error error = default;
        try
        {
            int result = SdBusNative.sd_bus_call(_bus, call.Handle, (ulong)timeout.TotalMicroseconds, &error, out MessageHandle reply);
            return result >= 0
                ? new Message(reply, call.Member)
                : throw new DBusException(
                    call.Member,
                    Marshal.PtrToStringUTF8((nint)error.Name) ?? "",
                    Marshal.PtrToStringUTF8((nint)error.Message) ?? Marshal.GetPInvokeErrorMessage(-result));
        }
        finally
        {
            SdBusNative.sd_bus_error_free(&error);
        }
    }

    /// <summary>Asks for a signal; install it before the call that leads to it, or it may be missed.</summary>
    public void Match(string? sender, string? path, string @interface, string member)
    {
        using HeldSignals held = new();
        Check(SdBusNative.sd_bus_match_signal(_bus, null, sender, path, @interface, member, 0, 0), $"matching {member}");
    }

    /// <summary>The next message that nobody else has taken, a signal of <see cref="Match"/>.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before one came.</exception>
    public Message WaitForMessage(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            using HeldSignals held = new();
            int result = SdBusNative.sd_bus_process(_bus, out MessageHandle message);
            Check(result, "reading from D-Bus");
            if (!message.IsInvalid)
            {
                return new Message(message, "signal");
            }

            message.Dispose();
            if (result == 0)
            {
                Check(SdBusNative.sd_bus_wait(_bus, PollMicroseconds), "waiting for D-Bus");
            }
        }
    }

    public void Dispose() => _bus.Dispose();

    internal static void Check(int result, string call)
    {
        if (result < 0)
        {
            throw new DBusException(call, "", Marshal.GetPInvokeErrorMessage(-result));
        }
    }
}
