// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cli.Output;
using SystemContainers.Linux;
using SystemContainers.Runtime.Launch;

namespace SystemContainers.Cli.Commands.Units;

/// <summary>
/// <c>sysctr launch</c>: not for people. Units whose sockets or instances need more than the runtime's own command line
/// call it at every start; it becomes the runtime by execve and leaves nothing behind.
/// </summary>
static class LaunchCommand
{
    public static int Run(ReadOnlySpan<string> arguments)
    {
        try
        {
            return Launcher.Run(arguments);
        }
        catch (Exception e) when (HostFailure.Understand(e) is { } understood)
        {
            return Terminal.Report(understood);
        }
        catch (Exception e)
        {
            return Terminal.ReportDefect(e, "launching a container");
        }
    }
}
