// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.Pull.Trust;

namespace SystemContainers.Trust;

/// <summary>
/// policy.json, changed rule by rule: what else is in it stays as it is. Nothing is written that could not be read, and
/// what is written is there as a whole or not at all.
/// </summary>
sealed class PolicyFile : IDisposable
{
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true,
        IndentSize = 4,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly string _here;
    private readonly Func<string, string> _find;
    private readonly JsonObject _root;
    private readonly SafeFileHandle _lock;
    private bool _madeDirectory;

    private PolicyFile(string path, string here, Func<string, string> find, JsonObject root, SafeFileHandle held)
    {
        _lock = held;
        Path = path;
        _here = here;
        _find = find;
        _root = root;
    }

    /// <summary>As the host sees it.</summary>
    public string Path { get; }

    /// <summary>Opens the file of a host or user, root's own where root has one, and keeps others from changing it
    /// until it is disposed of; where there is none, one that accepts everything, or what a package shipped.</summary>
    /// <param name="user">Whose; null for the host's.</param>
    /// <param name="root">The host's root directory.</param>
    /// <param name="environment">The caller's: the file that it names (<see cref="SignaturePolicy.Variable"/>) is
    /// changed, and it says where root's home directory is; null for none.</param>
    /// <exception cref="SysctrException">Policy: what is there can't be understood.</exception>
    public static PolicyFile Open(HostUser? user, string root, Func<string, string?>? environment = null)
    {
        string Find(string file) => root == "/" ? file : RootedPath.Resolve(root, file, followLast: true);
        string? named = root == "/" ? SignaturePolicy.Named(environment) : null;
        string own = SignaturePolicy.Own(user, root, environment);
        string path = named ?? (user is null && !File.Exists(Find(own)) ? SignaturePolicy.HostPath : own);
        string here = RealPath.Of(Find(path));
        string directory = System.IO.Path.GetDirectoryName(here)!;
        bool made = !Directory.Exists(directory);
        Directory.CreateDirectory(directory);
        SafeFileHandle held = ExclusiveLock.OfDirectory(directory);
        try
        {
            return new PolicyFile(path, here, Find, Content(named ?? Find(SignaturePolicy.Find(own, Find))), held)
            {
                _madeDirectory = made,
            };
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static JsonObject Content(string counts)
    {
        if (!File.Exists(counts))
        {
            return new JsonObject
            {
                ["default"] = new JsonArray(new JsonObject { ["type"] = "insecureAcceptAnything" }),
            };
        }

        // Whoever changes a rule must not lose another by a file that we read otherwise than podman does.
        SignaturePolicy.Load(counts);
        return JsonNode.Parse(BoundedFile.Read("/", counts, SignaturePolicy.MaxFileBytes))!.AsObject();
    }

    public void Dispose()
    {
        // rmdir(2) removes nothing that has something in it: a directory that was made for a rule that was refused goes
        // again.
        if (_madeDirectory)
        {
            _ = Libc.rmdir(System.IO.Path.GetDirectoryName(_here)!);
        }

        _lock.Dispose();
    }

    /// <summary>Has all requirements of a list hold for a scope, in the place of those before.</summary>
    public void Set(TrustScope scope, JsonArray requirements)
    {
        if (scope.Transport is null)
        {
            _root["default"] = requirements;
            return;
        }

        Member(Member(_root, "transports"), scope.Transport)[scope.Scope] = requirements;
    }

    /// <summary>Takes a scope's rule away, so that those of what it is in hold.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(TrustScope scope)
    {
        if (
            scope.Transport is null
            || _root["transports"]?[scope.Transport] is not JsonObject scopes
            || !scopes.Remove(scope.Scope)
        )
        {
            return false;
        }

        if (scopes.Count == 0)
        {
            _root["transports"]!.AsObject().Remove(scope.Transport);
        }

        return true;
    }

    /// <summary>The policy that would hold.</summary>
    /// <exception cref="SysctrException">Policy: it would be refused.</exception>
    public SignaturePolicy Check() => SignaturePolicy.Parse(Path, Text(), _find);

    /// <summary>Writes it: atomic and durable. A link to it stays one.</summary>
    /// <exception cref="SysctrException">Policy: it would be refused, and nothing was written.</exception>
    public void Write()
    {
        Check();
        DurableFile.Write(_here, Text(), File.Exists(_here) ? File.GetUnixFileMode(_here) : Mode);
    }

    private byte[] Text() => Encoding.UTF8.GetBytes(_root.ToJsonString(s_indented) + "\n");

    private static JsonObject Member(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject there)
        {
            return there;
        }

        JsonObject made = [];
        parent[name] = made;
        return made;
    }
}
