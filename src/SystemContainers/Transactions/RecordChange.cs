// SPDX-License-Identifier: Apache-2.0

using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>
/// Another content for the record of a deployment that is there, such as a pin: record and copy are two files, and a
/// call that is cut between them must not leave one of each. The container is locked.
/// </summary>
static class RecordChange
{
    /// <summary>Writes it, durably.</summary>
    /// <param name="after">The same deployment's as it shall be.</param>
    /// <exception cref="IOException">The record is as it was; where the disk did not even allow that, the intent is
    /// left to the next call.</exception>
    public static void Make(Host host, ContainerRecord before, ContainerRecord after)
    {
        string intent = host.Transactions.Begin(TransactionRecord.OfRecord(before, after));
        try
        {
            Finish(host, after);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Restore(host, before, intent);
            throw;
        }

        IntentRecords.EndLater(intent, host.Note);
    }

    /// <summary>Writes what an intent says, also where that was cut. A deployment that is gone needs no
    /// record.</summary>
    public static void Finish(Host host, ContainerRecord after)
    {
        DeploymentDirectory deployment = host.Deployment(after.Name, after.Deployment);
        if (Directory.Exists(deployment.Here))
        {
            deployment.WriteRecord(after);
        }
    }

    private static void Restore(Host host, ContainerRecord before, string intent)
    {
        try
        {
            Finish(host, before);
            IntentRecords.End(intent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            host.Note($"warning: {e.Message}; the next call of sysctr tidies up");
        }
    }
}
