// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Demo;
using SystemContainers.TestBed;

return args switch
{
    [] => await BootOrderDemo.RunAsync(),
    ["images"] => await TryOut.ImagesAsync(),
    ["host"] => await TryOut.HostAsync(HostRoot.Tested, ImageSource.All),
    ["host", "ordinary"] => await TryOut.HostAsync(HostRoot.Tested, ImageSource.Ordinary),
    ["machine", string script] => await TryOut.MachineAsync(script),
    _ => TryOut.Usage(),
};
