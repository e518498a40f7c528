// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Checkout;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Rights;
using SystemContainers.Settings;
using SystemContainers.Store.Records;
using SystemContainers.SystemdText;

namespace SystemContainers.State;

/// <summary>
/// What is known of one deployment of a container: <c>info.json</c> beside the bundle. It is written before anything of
/// the host is touched and says exactly what was put there, so that uninstall takes away that and nothing else.
/// </summary>
/// <remarks>Lists that came later are null in older records, whatever their initializer says: what JSON does not name
/// it leaves null.</remarks>
sealed record ContainerRecord
{
    public required string Name { get; init; }

    /// <summary>The deployment's number, from 0.</summary>
    public required int Deployment { get; init; }

    /// <summary>When it was installed.</summary>
    public required DateTimeOffset InstalledAt { get; init; }

    /// <summary>The image as a full reference, <c>docker://docker.io/library/etcd:latest</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The digest of the image's manifest.</summary>
    [JsonConverter(typeof(DigestConverter))]
    public required Digest ManifestDigest { get; init; }

    /// <summary>The digest of the image's configuration: its ID.</summary>
    [JsonConverter(typeof(DigestConverter))]
    public required Digest ImageId { get; init; }

    /// <summary>The image's layers, base first.</summary>
    public IReadOnlyList<Digest> DiffIds
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>Other images whose files it mounts, in the order of their trees.</summary>
    public IReadOnlyList<MountedImage> MountedImages
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The digest of config.json; null where there is none, and in records that were written before this was
    /// kept.</summary>
    public Digest? ConfigDigest { get; init; }

    /// <summary>The digest of the seccomp profile that its options name, as it was then; null where they name none, and
    /// in records that were written before this was kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Digest? SeccompDigest { get; init; }

    /// <summary>Path of the OCI runtime that the units name.</summary>
    public required string Runtime { get; init; }

    /// <summary>What the user chose with <c>--set</c>; carried over by updates.</summary>
    public required IReadOnlyDictionary<string, string> Set { get; init; }

    /// <summary>What the user set by options, by their names; carried over by updates. Null for nothing.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Options { get; init; }

    /// <summary><see cref="Options"/> as what they are.</summary>
    [JsonIgnore]
    public ContainerSettings Settings =>
        Options is null ? ContainerSettings.None : ContainerSettings.OfRecord(Name, Options);

    /// <summary>The file that declares it and what that wants of its unit; carried over by updates. Null for a
    /// container that a command line installed.</summary>
    public Declaration? Declared { get; init; }

    /// <summary>Every template variable with its final text.</summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>The unit files, main service first.</summary>
    public required IReadOnlyList<InstalledFile> Units { get; init; }

    /// <summary>The units that were enabled.</summary>
    public required IReadOnlyList<string> Enabled { get; init; }

    /// <summary>The tmpfiles.d file, where there is one.</summary>
    public InstalledFile? Tmpfiles { get; init; }

    /// <summary>Directories that sysctr itself makes when the deployment comes into use, below those that the payload
    /// writes to.</summary>
    public IReadOnlyList<OnceLine> TmpfilesOnce { get; init; } = [];

    /// <summary>Files that the image asked for on the host.</summary>
    public IReadOnlyList<InstalledFile> HostFiles
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>Directories that were made for these files, parents first.</summary>
    public IReadOnlyList<InstalledDirectory> HostDirectories
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>Whether the image's own files for the host were left out, <c>--system-package=absent</c>.</summary>
    public bool WithoutHostFiles { get; init; }

    /// <summary>The directory given with <c>--rootfs</c>, which is somebody else's; null: the rootfs is checked
    /// out.</summary>
    public string? RemoteRootfs { get; init; }

    /// <summary>The form of checkout that was asked for; null: the host's. Carried over by updates.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<CheckoutForm>))]
    public CheckoutForm? Checkout { get; init; }

    /// <summary>The fs-verity digest of the image of its tree, in hexadecimal, where each start mounts that; null where
    /// the tree is on disk.</summary>
    public string? Composefs { get; init; }

    /// <summary>What of a tree that is mounted is on disk besides, for what copies it before a start: paths in the
    /// tree.</summary>
    public IReadOnlyList<string> Seeds
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>State directories that are the container's own; only <c>uninstall --purge</c> removes them.</summary>
    public required IReadOnlyList<string> StateDirectories { get; init; }

    /// <summary>Whether no prune may remove the deployment.</summary>
    public bool Pinned { get; init; }

    /// <summary>Whether it is updated when nobody asks.</summary>
    public AutoUpdatePolicy AutoUpdate { get; init; }

    /// <summary>What it can do on the host beyond its own container; null in records of before this was kept.</summary>
    public IReadOnlyList<Right>? Rights { get; init; }

    /// <summary>Classes of rights that somebody granted with <c>--grant</c>; carried over by updates.</summary>
    public IReadOnlyList<string> Grants
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The update that waits for a grant; null for none.</summary>
    public HeldUpdate? Held { get; init; }

    /// <summary>The last update that was rolled back because its image was not well; null for none.</summary>
    public FailedUpdate? Failed { get; init; }

    /// <summary>How to check the payload's health after a start; null where the image does not say.</summary>
    public HealthCheck? Health { get; init; }

    /// <summary>The image's labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Whether a record that was read is one: its name is part of paths, and lists are walked.</summary>
    [JsonIgnore]
    public bool IsUsable =>
        Name is not null
        && ContainerName.IsValid(Name)
        && Deployment >= 0
        && Units is not null
        && Enabled is not null
        && StateDirectories is not null
        && Set is not null
        && Values is not null
        && Declared is null or { File: ['/', ..], Lines: not null }
        && Declared?.Lines.All(l => l is { Section: not null, Key: not null, Value: not null }) != false
        && Options?.Values.All(v => v is { Count: >= 0 } && v.All(w => w is not null)) != false
        && MountedImages.All(m => m is { Name: not null, Image: not null, DiffIds: not null })
        && AllFiles.All(f => f?.Path is ['/', ..])
        && HostDirectories.All(d => d?.Path is ['/', ..]);

    /// <summary>The unit that is the container: <c>NAME.service</c>.</summary>
    [JsonIgnore]
    public string MainUnit => Name + ".service";

    /// <summary>The units by name, without drop-ins; templates of instances (<c>NAME@.service</c>) among
    /// them.</summary>
    [JsonIgnore]
    public IEnumerable<string> UnitNames =>
        Units
            .Select(u => System.IO.Path.GetFileName(u.Path))
            .Where(u => !u.EndsWith(".conf", StringComparison.Ordinal));

    /// <summary>The units that can run, sockets and timers first: in this order they are stopped.</summary>
    [JsonIgnore]
    public IEnumerable<string> RunnableUnits =>
        UnitNames
            .Where(u => !u.Contains("@.", StringComparison.Ordinal))
            .OrderBy(u => u.EndsWith(".service", StringComparison.Ordinal));

    /// <summary>Units, drop-ins and tmpfiles: what sysctr writes itself, and has to be as it wrote it.</summary>
    [JsonIgnore]
    public IEnumerable<InstalledFile> OwnFiles => Tmpfiles is null ? Units : Units.Append(Tmpfiles);

    /// <summary>Everything on the host: the image's files before the units that may need them.</summary>
    [JsonIgnore]
    public IEnumerable<InstalledFile> AllFiles => HostFiles.Concat(OwnFiles);

    /// <summary>What <c>start</c> starts: the service, or where it has instances only, the sockets and timers that make
    /// them.</summary>
    [JsonIgnore]
    public IEnumerable<string> StartedUnits => UnitNames.Contains(MainUnit) ? [MainUnit] : RunnableUnits;

    /// <summary>Its image as if the store had a name for it: what a deployment needs of the store outlives the
    /// names.</summary>
    public ImageRecord AsImage() => new(Image, ManifestDigest, ImageId, DiffIds, InstalledAt);

    /// <summary>All the images that it is made of, its own first, as <see cref="AsImage"/>.</summary>
    [JsonIgnore]
    public IReadOnlyList<ImageRecord> Images => [AsImage(), .. MountedImages.Select(m => m.AsImage(InstalledAt))];

    /// <summary>Whether another deployment is made of the same images, whatever these are called.</summary>
    public bool HasImagesOf(ContainerRecord other) =>
        Images.Select(i => i.ManifestDigest).SequenceEqual(other.Images.Select(i => i.ManifestDigest));
}
