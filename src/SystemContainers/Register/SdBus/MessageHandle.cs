using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Register.SdBus;

/// <summary>An <c>sd_bus_message*</c>.</summary>
sealed class MessageHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        SdBusNative.sd_bus_message_unref(handle);
        return true;
    }
}
