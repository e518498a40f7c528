// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.TestBed;

/// <summary>
/// A directory for what lives as long as one host: its root, logs, and the ids of the processes it started. When the
/// test process was killed, the next one finds the directory and ends and removes what was left.
/// </summary>
public sealed class Scratch : IAsyncDisposable
{
    private const string Prefix = "sysctr-";
    private static readonly string s_all = Workspace.ScratchRoot;
    private static readonly Lazy<Task> s_cleared = new(ClearLeftoversAsync);
    private static int s_count;

    private Scratch(string name) => Name = name;

    /// <summary>Unique on this machine; also a valid host and network namespace name.</summary>
    public string Name { get; }

    /// <summary>The directory.</summary>
    public string Path => System.IO.Path.Combine(s_all, Name);

    /// <summary>Makes a directory, after the first call's look for leftovers.</summary>
    public static async Task<Scratch> CreateAsync()
    {
        await s_cleared.Value;
        Scratch scratch = new($"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}");
        Directory.CreateDirectory(scratch.Path);
        await System.IO.File.WriteAllTextAsync(scratch.File("owner"), Identity(Environment.ProcessId));
        return scratch;
    }

    /// <summary>A path in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Remembers a process that must not outlive this test process.</summary>
    public void Remember(int processId) => System.IO.File.AppendAllText(File("processes"), Identity(processId) + "\n");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Cache.DeleteAsync(Path);

    private static async Task ClearLeftoversAsync()
    {
        Directory.CreateDirectory(s_all);
        foreach (string folder in Directory.GetDirectories(s_all, Prefix + "*"))
        {
            string owner = System.IO.Path.Combine(folder, "owner");
            if (!System.IO.File.Exists(owner) || IsAlive(await System.IO.File.ReadAllTextAsync(owner)))
            {
                continue;
            }

            await EndProcessesAsync(System.IO.Path.Combine(folder, "processes"));
            string name = System.IO.Path.GetFileName(folder);
            if (System.IO.File.Exists($"/run/netns/{name}"))
            {
                await Command.MustAsync("ip", "netns", "delete", name);
            }

            await ControlGroup.RemoveAsync(name);
            await Cache.DeleteAsync(folder);
        }
    }

    private static async Task EndProcessesAsync(string list)
    {
        if (!System.IO.File.Exists(list))
        {
            return;
        }

        foreach (string identity in (await System.IO.File.ReadAllLinesAsync(list)).Where(IsAlive))
        {
            await Command.RunAsync("kill", "-KILL", identity.Split(' ')[0]);
        }
    }

    /// <summary>A process id and its start time in clock ticks (proc_pid_stat(5), field 22): ids are used again, pairs
    /// are not.</summary>
    private static string Identity(int processId)
    {
        string stat = System.IO.File.ReadAllText($"/proc/{processId}/stat");
        string start = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        return $"{processId} {start}";
    }

    private static bool IsAlive(string identity)
    {
        try
        {
            return Identity(int.Parse(identity.Split(' ')[0], CultureInfo.InvariantCulture)) == identity;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
