namespace SystemContainers.Demo;

/// <summary>Four system containers on one host, across a reboot.</summary>
static class BootOrderDemo
{
    public static Task<int> RunAsync() => Task.FromResult(1);
}
