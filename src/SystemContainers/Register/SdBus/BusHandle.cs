using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Register.SdBus;

/// <summary>An <c>sd_bus*</c>; flushed and closed with its last reference.</summary>
sealed class BusHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        SdBusNative.sd_bus_flush_close_unref(handle);
        return true;
    }
}
