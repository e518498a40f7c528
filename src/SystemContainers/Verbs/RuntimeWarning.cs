// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux;
using SystemContainers.Runtime.Holes;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Verbs;

/// <summary>
/// The one line that an install or update says when a runtime has known holes. It is found out while containers are
/// checked out, so that nobody waits for it, and once a call: fifty containers have the same runtime.
/// </summary>
sealed class RuntimeWarning(HostTarget host)
{
    private readonly Dictionary<string, Task<RuntimeExamination>> _examinations = new(StringComparer.Ordinal);
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>Begins to look at what containers are going to run on; those without a config.json run on nothing of
    /// ours.</summary>
    public void Begin(IEnumerable<ContainerRecord> containers, CancellationToken cancellation)
    {
        foreach (string path in containers.Where(c => c.ConfigDigest is not null).Select(c => c.Runtime))
        {
            if (!_examinations.ContainsKey(path))
            {
                _examinations[path] = Task.Run(
                    () => new RuntimeExaminer(host.Root).ExamineAsync(path, cancellation),
                    cancellation
                );
            }
        }
    }

    /// <summary>Says what was found that was not said yet. The containers are installed by now: nothing of this is a
    /// failure.</summary>
    public async Task SayAsync(Action<string> note)
    {
        foreach ((string path, Task<RuntimeExamination> examination) in _examinations.Where(e => _said.Add(e.Key)))
        {
            try
            {
                if ((await examination).Warning is { } warning)
                {
                    note($"warning: {warning}");
                }
            }
            catch (Exception e) when (e is OperationCanceledException || HostFailure.Understand(e) is not null)
            {
                note($"warning: {path}: its known holes could not be looked for; 'sysctr doctor' tries again");
            }
        }
    }
}
