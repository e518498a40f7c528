// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Pull.Options;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Fsck;

/// <summary>Checks the store and what it has on the host, and mends what can be mended.</summary>
sealed class FsckOperation(Host host, IPullProgress progress)
{
    /// <summary>Checks, and with <paramref name="repair"/> mends; what was mended is checked again.</summary>
    /// <param name="content">Whether contents are read and hashed, or only looked at from outside.</param>
    /// <param name="repair">Whether anything is changed.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    /// <exception cref="Errors.SysctrException">The store can't be opened; Locked: another sysctr held it for too
    /// long.</exception>
    public async Task<FsckReport> RunAsync(bool content, bool repair, CancellationToken cancellation)
    {
        if (!Directory.Exists(host.StoreHere))
        {
            return new FsckReport { Findings = [], Quick = !content };
        }

        FsckPass found = await FsckPass.RunAsync(host, content, _ => content, cancellation);
        if (!repair || found.Findings.Count == 0)
        {
            return Told(found.Report(found.Findings));
        }

        RepairLog log = new();
        List<Finding> all = [.. found.Findings];
        FsckPass mended = await RepairStoreAsync(found);
        if (found.Layers.Broken.Count > 0 && mended.Layers.Damaged.Count > 0)
        {
            // Which objects a layer has whose index was broken shows only when it is whole again.
            all.AddRange(mended.Findings);
            mended = await RepairStoreAsync(mended);
        }

        // New objects are new inodes: which deployments have the old ones shows only now.
        all.AddRange(mended.Findings);
        all.AddRange(await new DeploymentRepair(host, log).RunAsync(mended, cancellation));
        new LeftoverRepair(host, log).Run(mended, cancellation);
        FsckPass left = await FsckPass.RunAsync(host, content, Again, cancellation);
        return Told(
            left.Report(log.Merge(all, left.Findings)) with
            {
                Objects = found.Layers.Objects,
                Bytes = found.Layers.Bytes,
            }
        );

        async Task<FsckPass> RepairStoreAsync(FsckPass pass)
        {
            await new StoreRepair(host, progress, log).RunAsync(pass, cancellation);
            return await FsckPass.RunAsync(host, content, Again, cancellation);
        }

        // What was whole a moment ago is not read once more.
        bool Again(ObjectKey key) => !found.Layers.IsWhole(key);
    }

    private FsckReport Told(FsckReport report) =>
        report with
        {
            Findings =
            [
                .. report.Findings.Select(f => f with { Advice = TypedWords.For(host.Paths.TypedOptions, f.Advice) }),
            ],
        };
}
