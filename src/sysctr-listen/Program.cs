// SPDX-License-Identifier: Apache-2.0

#pragma warning disable RS0030 // No Terminal here: a few lines to the journal, which shows what is no text as such.
using SystemContainers.Listen;

// The first process of a container without a PID namespace of its own that gets sockets from systemd or is watched by
// it. Only here is the payload's process id known, and sd_listen_fds(3) and sd_watchdog_enabled(3) want it in the
// environment.
if (args.Length == 0)
{
    Console.Error.WriteLine("usage: sysctr-listen COMMAND [ARGUMENT]...");
    return 2;
}

string self = Environment.ProcessId.ToString();
if (Environment.GetEnvironmentVariable("LISTEN_FDS") is not null)
{
    Environment.SetEnvironmentVariable("LISTEN_PID", self);
}

if (Environment.GetEnvironmentVariable("WATCHDOG_USEC") is not null)
{
    Environment.SetEnvironmentVariable("WATCHDOG_PID", self);
}

int errno = Exec.Command(args);
Console.Error.WriteLine($"sysctr-listen: {args[0]}: error {errno}");
return errno == 2 ? 127 : 126;
