using System.Runtime.InteropServices;

namespace SystemContainers.Register.SdBus;

/// <summary>A D-Bus message: what is appended goes out, what is read comes in, both in order.</summary>
sealed unsafe class Message(MessageHandle handle, string member) : IDisposable
{
    public MessageHandle Handle => handle;

    /// <summary>The method that it calls or answers.</summary>
    public string Member => member;

    public Message Append(string value)
    {
        Bus.Check(SdBusNative.sd_bus_message_append_string(handle, (byte)'s', value), member);
        return this;
    }

    public Message Append(bool value)
    {
        int number = value ? 1 : 0;
        Bus.Check(SdBusNative.sd_bus_message_append_basic(handle, (byte)'b', &number), member);
        return this;
    }

    public Message Append(IReadOnlyList<string> values)
    {
        Bus.Check(SdBusNative.sd_bus_message_open_container(handle, (byte)'a', "s"), member);
        foreach (string value in values)
        {
            Append(value);
        }

        Bus.Check(SdBusNative.sd_bus_message_close_container(handle), member);
        return this;
    }

    /// <summary>Reads a string, object path or signature: <paramref name="type"/> is s, o or g.</summary>
    public string ReadString(char type = 's')
    {
        byte* value = null;
        Bus.Check(SdBusNative.sd_bus_message_read_basic(handle, (byte)type, &value), member);
        return Marshal.PtrToStringUTF8((nint)value) ?? "";
    }

    public uint ReadUInt32()
    {
        uint value = 0;
        Bus.Check(SdBusNative.sd_bus_message_read_basic(handle, (byte)'u', &value), member);
        return value;
    }

    public int ReadInt32()
    {
        int value = 0;
        Bus.Check(SdBusNative.sd_bus_message_read_basic(handle, (byte)'i', &value), member);
        return value;
    }

    /// <summary>Reads an array of strings, <c>as</c>.</summary>
    public IReadOnlyList<string> ReadStrings()
    {
        Bus.Check(SdBusNative.sd_bus_message_enter_container(handle, (byte)'a', "s"), member);
        List<string> values = [];
        while (true)
        {
            byte* value = null;
            int result = SdBusNative.sd_bus_message_read_basic(handle, (byte)'s', &value);
            Bus.Check(result, member);
            if (result == 0)
            {
                return values;
            }

            values.Add(Marshal.PtrToStringUTF8((nint)value) ?? "");
        }
    }

    /// <summary>Goes into a variant that holds <paramref name="contents"/>.</summary>
    public Message EnterVariant(string contents)
    {
        Bus.Check(SdBusNative.sd_bus_message_enter_container(handle, (byte)'v', contents), member);
        return this;
    }

    public bool IsSignal(string @interface, string name) => SdBusNative.sd_bus_message_is_signal(handle, @interface, name) > 0;

    public void Dispose() => handle.Dispose();
}
