using SystemContainers.Demo;

return args switch
{
    [] => await BootOrderDemo.RunAsync(),
    ["images"] => await TryOut.ImagesAsync(),
    ["host"] => await TryOut.HostAsync(),
    _ => TryOut.Usage(),
};
