using System.Text.Json;
using System.Text.Json.Serialization;
using SystemContainers.Deploy.Doctor;
using SystemContainers.Deploy.Fleet;
using SystemContainers.Deploy.Fsck;
using SystemContainers.Deploy.Lint;
using SystemContainers.Deploy.Mounts;
using SystemContainers.Deploy.Space;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;

namespace SystemContainers.Deploy;

/// <summary>Records and reports as JSON, camelCase, indented: people read info.json too.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(TransactionRecord))]
[JsonSerializable(typeof(IReadOnlyList<ContainerReport>))]
[JsonSerializable(typeof(ContainerDetails))]
[JsonSerializable(typeof(IReadOnlyList<ImageReport>))]
[JsonSerializable(typeof(ImageDetails))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(MountRecord))]
[JsonSerializable(typeof(IReadOnlyList<MountRecord>))]
[JsonSerializable(typeof(IReadOnlyList<LintMessage>))]
[JsonSerializable(typeof(IReadOnlyList<RolloutReport>))]
[JsonSerializable(typeof(IReadOnlyList<HistoryEntry>))]
[JsonSerializable(typeof(FsckReport))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(IReadOnlyList<AutoUpdateReport>))]
[JsonSerializable(typeof(HostPlan))]
[JsonSerializable(typeof(DeploymentDiff))]
[JsonSerializable(typeof(SpaceReport))]
[JsonSerializable(typeof(IReadOnlyList<ContainerDetails>))]
sealed partial class DeployJson : JsonSerializerContext
{
    /// <summary>Reads a document that we wrote.</summary>
    /// <exception cref="SysctrException">Corrupt: it is not what we write.</exception>
    public static T Read<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            return OwnJson.Read(File.ReadAllBytes(path), type);
        }
        catch (JsonException e)
        {
            throw new SysctrException(ErrorKind.Corrupt, $"reading {path}: {JsonFault.Of(e)}", inner: e);
        }
    }

    /// <summary>Writes a document durably, readable by all.</summary>
    public static void Write<T>(string path, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        DurableFile.Write(
            path,
            JsonSerializer.SerializeToUtf8Bytes(value, type),
            Mode);

    /// <summary>Of records.</summary>
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
}
