using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Pull.Trust;

/// <summary>Reading the file: strictly, for a misspelt rule would be a rule that does not hold.</summary>
sealed partial class SignaturePolicy
{
    private const int MaxFileBytes = 4 << 20;

    private static readonly string[] s_types =
        [AcceptAnything, "reject", "signedBy", "signedBaseLayer", "sigstoreSigned"];

    /// <summary>The host's policy; one of the user's own stands in its place, as in podman.</summary>
    /// <param name="user">Who pulls; null for root.</param>
    /// <exception cref="SysctrException">Policy: the file is there and can't be understood.</exception>
    public static SignaturePolicy Load(HostUser? user)
    {
        string? own = user is null ? null : Path.Join(user.ConfigHome, "containers/policy.json");
        return Load(own is not null && File.Exists(own) ? own : HostPath);
    }

    /// <summary>The policy in a file; that of a host without one where it is missing.</summary>
    /// <exception cref="SysctrException">Policy: it can't be read or understood.</exception>
    public static SignaturePolicy Load(string path)
    {
        byte[] text;
        try
        {
            FileInfo info = new(path);
            if (info.Exists && info.Length > MaxFileBytes)
            {
                throw Invalid(path, $"it is larger than {MaxFileBytes} bytes");
            }

            text = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new SignaturePolicy(path, [AcceptAnything], []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, e.Message, e);
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Read(path, json.RootElement);
        }
        catch (JsonException e)
        {
            throw Invalid(path, e.Message, e);
        }
    }

    private static SignaturePolicy Read(string path, JsonElement root)
    {
        IReadOnlyList<string>? defaults = null;
        Dictionary<(string, string), IReadOnlyList<string>> scopes = [];
        foreach (JsonProperty part in Object(path, root, "the file").EnumerateObject())
        {
            switch (part.Name)
            {
                case "default":
                    defaults = Requirements(path, part.Value, "default");
                    break;
                case "transports":
                    foreach (JsonProperty transport in Object(path, part.Value, "transports").EnumerateObject())
                    {
                        foreach (JsonProperty scope in Object(path, transport.Value, transport.Name).EnumerateObject())
                        {
                            string where = $"{transport.Name}: \"{scope.Name}\"";
                            scopes[(transport.Name, scope.Name)] = Requirements(path, scope.Value, where);
                        }
                    }

                    break;
                default:
                    throw Invalid(path, $"unknown key \"{part.Name}\"");
            }
        }

        return new SignaturePolicy(path, defaults ?? throw Invalid(path, "it has no \"default\""), scopes);
    }

    private static string[] Requirements(string path, JsonElement list, string where)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw Invalid(path, $"{where} is no list of requirements");
        }

        return [.. list.EnumerateArray().Select(r => Requirement(path, r, where))];
    }

    private static string Requirement(string path, JsonElement requirement, string where)
    {
        if (!Object(path, requirement, where).TryGetProperty("type", out JsonElement type) ||
            type.ValueKind != JsonValueKind.String || !s_types.Contains(type.GetString()))
        {
            throw Invalid(path, $"{where} has a requirement of no known type");
        }

        // These two have nothing but a type; what stands beside it was meant to restrict something.
        string name = type.GetString()!;
        return name is AcceptAnything or "reject" && requirement.EnumerateObject().Count() > 1
            ? throw Invalid(path, $"{where}: {name} takes no further keys")
            : name;
    }

    private static JsonElement Object(string path, JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Object ? element : throw Invalid(path, $"{what} is no object");

    private static SysctrException Invalid(string path, string why, Exception? inner = null) =>
        new(ErrorKind.Policy, $"reading {path}: {why}", "nothing is pulled until it is corrected; see containers-policy.json(5)", inner);
}
