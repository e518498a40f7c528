// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;
using SystemContainers.Oci;
using SystemContainers.Pull.Trust.Requirements;

namespace SystemContainers.Pull.Trust;

/// <summary>Finding and reading the file.</summary>
sealed partial class SignaturePolicy
{
    /// <summary>Of podman 6 and skopeo: a policy file that stands in the place of all others.</summary>
    public const string Variable = "CONTAINERS_POLICY_JSON";

    /// <summary>What is larger is no policy.</summary>
    internal const int MaxFileBytes = 4 << 20;

    /// <summary>
    /// The policy of the host that pulls; one of the user's own, root's too, stands in its place, as in podman. For a
    /// system below a directory its own has to allow an image too: whoever wrote it said what may run there, not who
    /// may carry it in.
    /// </summary>
    /// <param name="user">Who pulls; null for root.</param>
    /// <param name="root">The root directory of the host that the image is for.</param>
    /// <param name="environment">The caller's, where <see cref="Variable"/> counts and which says where the home
    /// directory is; null for none.</param>
    /// <exception cref="SysctrException">Policy: a file is there and can't be understood, or the one that the caller
    /// named is not there.</exception>
    public static SignaturePolicy Load(HostUser? user, string root = "/", Func<string, string?>? environment = null)
    {
        string? named = Named(environment);
        SignaturePolicy caller = Load(named ?? Find(Own(user, "/", environment), p => p));
        if (named is not null && caller.IsMissing)
        {
            // That it accepts everything is the default of a host, not what somebody meant who named a file.
            throw new SysctrException(
                ErrorKind.Policy,
                $"reading {Redact.Text(named)}: there is no such file, and ${Variable} names it",
                $"put it there, or unset ${Variable}; nothing is pulled until then"
            );
        }

        if (root == "/")
        {
            return caller;
        }

        string Below(string path) => RootedPath.Resolve(root, path, followLast: true);
        return caller.And(Load(Below(Find(Own(null, root, environment), Below)), Below));
    }

    /// <summary>The file in the home directory, which counts before the others: of the user, of root who calls, or of
    /// root in a system below a directory.</summary>
    /// <param name="user">Who pulls; null for root.</param>
    /// <param name="root">The root directory of the host whose file it is.</param>
    /// <param name="environment">The caller's; null for none.</param>
    public static string Own(HostUser? user, string root, Func<string, string?>? environment) =>
        Path.Join(OwnTrustFiles.Directory(user, root, environment), "policy.json");

    /// <summary>The file that counts: the user's own, the administrator's, or what a package shipped; the
    /// administrator's where there is none.</summary>
    /// <param name="own">That of <see cref="Own"/>.</param>
    /// <param name="here">Where this process finds a file of the host.</param>
    public static string Find(string own, Func<string, string> here) =>
        Array.Find([own, HostPath, ShippedPath], f => File.Exists(here(f)) || Directory.Exists(here(f))) ?? HostPath;

    /// <summary>The file that the caller's environment names; null for none.</summary>
    public static string? Named(Func<string, string?>? environment) =>
        environment?.Invoke(Variable) is { Length: > 0 } named ? Path.GetFullPath(named) : null;

    private SignaturePolicy And(SignaturePolicy other) => new(_default, _scopes) { Also = other };

    /// <summary>The policy in a file; that of a host without one where it is missing.</summary>
    /// <exception cref="SysctrException">Policy: it can't be read or understood.</exception>
    public static SignaturePolicy Load(string path) => Load(path, p => p);

    private static SignaturePolicy Load(string path, Func<string, string> here)
    {
        PolicyJson reader = new(path, here);
        byte[] text;
        try
        {
            FileInfo info = new(path);
            if (info.Exists && info.Length > MaxFileBytes)
            {
                throw reader.Invalid($"it is larger than {MaxFileBytes} bytes");
            }

            text = BoundedFile.Read("/", path, MaxFileBytes) ?? throw new FileNotFoundException();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new SignaturePolicy(new PolicyRule(path, null, "", [new AcceptAnything()], IsBuiltIn: true), []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw reader.Invalid(e.Message, e);
        }

        return Parse(path, text, here);
    }

    /// <param name="path">The file that it is, or is to be.</param>
    /// <param name="text">JSON.</param>
    /// <param name="here">Where this process finds a file that it names.</param>
    /// <exception cref="SysctrException">Policy: it can't be understood.</exception>
    public static SignaturePolicy Parse(string path, byte[] text, Func<string, string> here)
    {
        PolicyJson reader = new(path, here);
        try
        {
            using JsonDocument json = StrictJson.Parse(text, maxDepth: 64);
            return Read(path, reader, json.RootElement);
        }
        catch (JsonException e)
        {
            throw reader.Invalid(JsonFault.Of(e), e);
        }
    }

    private static SignaturePolicy Read(string path, PolicyJson reader, JsonElement root)
    {
        PolicyRule? defaults = null;
        Dictionary<(string, string), PolicyRule> scopes = [];
        foreach (JsonProperty part in reader.Object(root, "the file").EnumerateObject())
        {
            switch (part.Name)
            {
                case "default":
                    defaults = new PolicyRule(path, null, "", reader.Requirements(part.Value, "default"));
                    break;
                case "transports":
                    foreach (JsonProperty transport in reader.Object(part.Value, "transports").EnumerateObject())
                    {
                        foreach (JsonProperty scope in reader.Object(transport.Value, transport.Name).EnumerateObject())
                        {
                            string where = $"{transport.Name}: \"{scope.Name}\"";
                            if (PolicyScopes.Fault(transport.Name, scope.Name) is { } fault)
                            {
                                throw reader.Invalid($"{where} holds no image at all: {fault}");
                            }

                            scopes[(transport.Name, scope.Name)] = new PolicyRule(
                                path,
                                transport.Name,
                                scope.Name,
                                reader.Requirements(scope.Value, where)
                            );
                        }
                    }

                    break;
                default:
                    throw reader.Invalid($"unknown key \"{part.Name}\"");
            }
        }

        return new SignaturePolicy(defaults ?? throw reader.Invalid("it has no \"default\""), scopes);
    }
}
