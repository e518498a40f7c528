// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;

namespace SystemContainers.Pull.Auth;

/// <summary>
/// An auth.json that is changed: what stands in it beside the entry that is meant keeps its meaning, also what is
/// nobody's business here, such as Docker's own settings. Written whole or not at all, and for its owner alone. A link
/// in its place is replaced, as podman does.
/// </summary>
sealed class AuthFile(string path)
{
    private const string Auths = "auths";
    private const string CredHelpers = "credHelpers";

    /// <summary>What is larger is no auth.json.</summary>
    internal const int MaxBytes = 4 << 20;

    // Of a name that stands twice neither value may be lost.
    private static readonly JsonDocumentOptions s_reading = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>The absolute path.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The helper that the file names for a registry; null where it has none.</summary>
    /// <exception cref="SysctrException">Unauthorized: the file can't be read.</exception>
    public string? HelperOf(AuthKey key) =>
        Helpers()
            .FirstOrDefault(h => h.Helper.Length > 0 && AuthKey.InHelpers(key.Registry).Contains(h.Registry))
            .Helper;

    /// <summary>All registries that the file names a helper for, with it.</summary>
    /// <exception cref="SysctrException">Unauthorized: the file can't be read.</exception>
    public IReadOnlyList<(string Registry, string Helper)> Helpers() =>
        Read()[CredHelpers] is JsonObject helpers
            ?
            [
                .. helpers
                    .Where(h => h.Value?.GetValueKind() == JsonValueKind.String)
                    .Select(h => (h.Key, h.Value!.GetValue<string>())),
            ]
            : [];

    /// <summary>Whether the file has an entry of that name.</summary>
    /// <exception cref="SysctrException">Unauthorized: the file can't be read.</exception>
    public bool Has(AuthKey key) => Read()[Auths] is JsonObject auths && auths.Any(a => key.IsWrittenAs(a.Key));

    /// <summary>Writes a password, in place of one that is there by any way to write the name.</summary>
    /// <exception cref="SysctrException">Unauthorized: the file can't be read; Storage or Permission: or
    /// written.</exception>
    public void Set(AuthKey key, string user, string password) =>
        Change(file =>
        {
            JsonObject auths = file[Auths] as JsonObject ?? [];
            Remove(auths, key);
            auths[key.Text] = new JsonObject
            {
                ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")),
            };
            file[Auths] = auths;
            return true;
        });

    /// <summary>Removes a password.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="SysctrException">As <see cref="Set"/>.</exception>
    public bool Remove(AuthKey key) =>
        File.Exists(Path) && Change(file => file[Auths] is JsonObject auths && Remove(auths, key));

    /// <summary>Removes all passwords, and the names of helpers.</summary>
    /// <returns>Whether there were any.</returns>
    /// <exception cref="SysctrException">As <see cref="Set"/>.</exception>
    public bool Clear() =>
        File.Exists(Path)
        && Change(file =>
        {
            if (file[Auths] is not JsonObject { Count: > 0 } && file[CredHelpers] is not JsonObject { Count: > 0 })
            {
                return false;
            }

            file[Auths] = new JsonObject();
            file.Remove(CredHelpers);
            return true;
        });

    private static bool Remove(JsonObject auths, AuthKey key)
    {
        string[] old = [.. auths.Select(a => a.Key).Where(key.IsWrittenAs)];
        Array.ForEach(old, k => auths.Remove(k));
        return old.Length > 0;
    }

    private JsonObject Read()
    {
        try
        {
            // /run/containers is root's alone where podman made it: others have no file there, as for CredentialStore.
            byte[]? bytes = File.Exists(Path) ? BoundedFile.Read("/", Path, MaxBytes) : null;
            JsonObject file =
                bytes is null || bytes.AsSpan().Trim(" \r\n\t"u8).IsEmpty
                    ? []
                    : JsonNode.Parse(bytes, documentOptions: s_reading) as JsonObject
                        ?? throw new JsonException("it is no object");
            foreach (string name in (string[])[Auths, CredHelpers])
            {
                if (file[name] is not (null or JsonObject))
                {
                    throw new JsonException($"{name} is no object");
                }
            }

            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(ErrorKind.Unauthorized, $"reading credentials in {Path}: {e.Message}", inner: e);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // Not as inner exception: it may quote the file.
            throw new SysctrException(
                ErrorKind.Unauthorized,
                $"reading credentials in {Path}: it is not as containers-auth.json(5) says",
                "correct or remove the file"
            );
        }
    }

    /// <summary>Reads, changes and writes; no other sysctr does so meanwhile.</summary>
    private bool Change(Func<JsonObject, bool> change)
    {
        if (System.IO.Path.GetFileName(Path) == CredentialPaths.OldFile)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"writing credentials to {Path}: that is the name of Docker's oldest format, which is only read",
                "name another file with --authfile"
            );
        }

        string directory = System.IO.Path.GetDirectoryName(Path)!;
        try
        {
            FaultPoint.Pass("mkdir");
            Directory.CreateDirectory(
                directory,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
            using SafeFileHandle held = ExclusiveLock.OfDirectory(directory);
            JsonObject file = Read();
            if (!change(file))
            {
                return false;
            }

            DurableFile.RemoveAbandoned(directory);
            DurableFile.Write(Path, Text(file), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(
                HostFailure.KindOf(e),
                $"writing credentials to {Path}: {e.Message}",
                "name another file with --authfile",
                e
            );
        }
    }

    // As podman writes it.
    private static byte[] Text(JsonObject file)
    {
        using MemoryStream bytes = new();
        using (
            Utf8JsonWriter writer = new(
                bytes,
                new JsonWriterOptions
                {
                    Indented = true,
                    IndentCharacter = '\t',
                    IndentSize = 1,
                }
            )
        )
        {
            file.WriteTo(writer);
        }

        return bytes.ToArray();
    }
}
