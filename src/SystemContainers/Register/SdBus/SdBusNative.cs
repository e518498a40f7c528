using System.Runtime.InteropServices;

namespace SystemContainers.Register.SdBus;

/// <summary>libsystemd's sd-bus(3), the calls with fixed arguments only. All give a negative errno when they fail.</summary>
static unsafe partial class SdBusNative
{
    private const string Library = "libsystemd.so.0";

    /// <summary>sd_bus_error: zeroed before use, freed after.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Error
    {
        internal byte* Name;
        internal byte* Message;
        internal int NeedFree;
    }

    [LibraryImport(Library)]
    internal static partial int sd_bus_open_system(out BusHandle bus);

    [LibraryImport(Library)]
    internal static partial int sd_bus_open_user(out BusHandle bus);

    [LibraryImport(Library)]
    internal static partial nint sd_bus_flush_close_unref(nint bus);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sd_bus_message_new_method_call(
        BusHandle bus, out MessageHandle message, string destination, string path, string @interface, string member);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, EntryPoint = "sd_bus_message_append_basic")]
    internal static partial int sd_bus_message_append_string(MessageHandle message, byte type, string value);

    [LibraryImport(Library)]
    internal static partial int sd_bus_message_append_basic(MessageHandle message, byte type, void* value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sd_bus_message_open_container(MessageHandle message, byte type, string contents);

    [LibraryImport(Library)]
    internal static partial int sd_bus_message_close_container(MessageHandle message);

    [LibraryImport(Library)]
    internal static partial int sd_bus_call(BusHandle bus, MessageHandle message, ulong microseconds, Error* error, out MessageHandle reply);

    [LibraryImport(Library)]
    internal static partial nint sd_bus_message_unref(nint message);

    [LibraryImport(Library)]
    internal static partial void sd_bus_error_free(Error* error);

    [LibraryImport(Library)]
    internal static partial int sd_bus_message_read_basic(MessageHandle message, byte type, void* value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sd_bus_message_enter_container(MessageHandle message, byte type, string contents);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sd_bus_message_is_signal(MessageHandle message, string @interface, string member);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sd_bus_match_signal(
        BusHandle bus, nint* slot, string? sender, string? path, string? @interface, string? member, nint callback, nint userData);

    [LibraryImport(Library)]
    internal static partial int sd_bus_process(BusHandle bus, out MessageHandle message);

    [LibraryImport(Library)]
    internal static partial int sd_bus_wait(BusHandle bus, ulong microseconds);
}
