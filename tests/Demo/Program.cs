using SystemContainers.Demo;

return args switch
{
    [] => await BootOrderDemo.RunAsync(),
    ["images"] => await TryOut.ImagesAsync(),
    ["host"] => await TryOut.HostAsync(),
    ["machine", string script] => await TryOut.MachineAsync(script),
    _ => TryOut.Usage(),
};
