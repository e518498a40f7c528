// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.State;

/// <summary>
/// One deployment of a container on disk: <c>deployments/NAME/N/</c> with the bundle (<c>rootfs/</c>,
/// <c>config.json</c>), the trees of other images that it mounts (<c>image-0/</c>), the record <c>info.json</c> and a
/// copy of it, and below <c>host/</c> every file that it has on the host. <c>deployments/NAME/current</c> names N.
/// </summary>
/// <param name="StoreOnHost">The store as units see it, <c>/var/lib/sysctr</c>.</param>
/// <param name="StoreHere">The store as this process sees it; differs under <c>--root</c>.</param>
/// <param name="Name">The container.</param>
/// <param name="Number">N, from 0.</param>
sealed record DeploymentDirectory(string StoreOnHost, string StoreHere, string Name, int Number)
{
    /// <summary>Begins the names of deployments that are being put together.</summary>
    public const string StagedPrefix = ".staged-";

    /// <summary>The name of <see cref="ConfigFile"/>.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The name of <see cref="RecordFile"/>.</summary>
    public const string RecordName = "info.json";

    /// <summary>The name of <see cref="RecordCopy"/>.</summary>
    public const string CopyName = "info.copy.json";

    /// <summary>DESTDIR: the bundle as the unit and the runtime see it.</summary>
    public string OnHost => Path.Join(StoreOnHost, "deployments", Name, Number.ToString());

    /// <summary>The bundle as this process sees it.</summary>
    public string Here => Path.Join(ContainerHere, Number.ToString());

    /// <summary>Where it is put together; renamed to <see cref="Here"/> when it is whole.</summary>
    public string Staged => Path.Join(ContainerHere, $"{StagedPrefix}{Number}");

    /// <summary>The directory of all deployments of the container.</summary>
    public string ContainerHere => Path.Join(StoreHere, "deployments", Name);

    /// <summary>The link that names the deployment in use.</summary>
    public string CurrentLink => Path.Join(ContainerHere, "current");

    /// <summary>The name of <see cref="PreviousLink"/>.</summary>
    public const string Previous = "previous";

    /// <summary>The link that names the deployment that was in use before: what a rollback leads to. Not there before
    /// the first update.</summary>
    public string PreviousLink => Path.Join(ContainerHere, Previous);

    /// <summary>The runtime's configuration; not there where an image has only files for the host.</summary>
    public string ConfigFile => Path.Join(Here, ConfigName);

    /// <summary>The deployment's own sysctr-listen, as config.json names it: one that nobody but this container
    /// executes. There only where config.json binds it.</summary>
    public string ListenOnHost => Path.Join(OnHost, ListenName);

    /// <summary>The name of <see cref="ListenOnHost"/>.</summary>
    public const string ListenName = "sysctr-listen";

    public string RecordFile => Path.Join(Here, RecordName);

    /// <summary>The record's second copy: what a deployment has on the host, and the values that it was made with,
    /// stand nowhere else.</summary>
    public string RecordCopy => Path.Join(Here, CopyName);

    /// <summary>Has <see cref="CurrentLink"/> name this deployment.</summary>
    public void MakeCurrent()
    {
        if (new FileInfo(CurrentLink).LinkTarget != Number.ToString())
        {
            DurableFile.WriteLink(CurrentLink, Number.ToString());
        }
    }

    /// <summary>Replaces the record of a deployment that is there, durably and in one step.</summary>
    public void WriteRecord(ContainerRecord record) => WriteRecord(Here, record);

    /// <summary>Writes the record of a deployment that is put together.</summary>
    public void WriteStagedRecord(ContainerRecord record) => WriteRecord(Staged, record);

    /// <summary>The copy first: cut between the two, it is the later one, of a change that nobody was told to be
    /// done.</summary>
    private static void WriteRecord(string directory, ContainerRecord record)
    {
        RecordDocument.Write(Path.Join(directory, CopyName), record, StateJson.Default.ContainerRecord);
        RecordDocument.Write(Path.Join(directory, RecordName), record, StateJson.Default.ContainerRecord);
    }

    /// <summary>The names of all <see cref="FailedJournal"/>.</summary>
    public const string FailedJournalPattern = "failed-*.journal";

    /// <summary>What it wrote to the journal when it failed; outlives the deployment.</summary>
    public string FailedJournal => Path.Join(ContainerHere, FailedJournalName);

    /// <summary>The same of the first deployment of a container, whose directory is gone when it fails.</summary>
    public string FirstFailedJournal => Path.Join(StoreHere, FirstFailed, $"{Name}-{FailedJournalName}");

    /// <summary>The directory of all <see cref="FirstFailedJournal"/>.</summary>
    public const string FirstFailed = "failed";

    private string FailedJournalName => $"failed-{Number}.journal";

    /// <summary>Where a file for the host is kept while the deployment is put together.</summary>
    /// <param name="hostPath">Absolute, as the host sees it.</param>
    public string StagedFile(string hostPath) => Staged + "/host" + hostPath;

    /// <summary>Where the deployment keeps a file for the host.</summary>
    /// <param name="hostPath">Absolute, as the host sees it.</param>
    public string KeptFile(string hostPath) => Here + "/host" + hostPath;
}
