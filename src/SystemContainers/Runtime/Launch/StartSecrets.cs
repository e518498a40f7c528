// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Settings;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Secrets that were asked for by --secret, and the unit's credentials (systemd.exec(5)), for one start: copies in the
/// container's own directory below the run directory, which is memory and nobody else's, with the owner that the
/// payload needs. No config.json on disk has their texts.
/// </summary>
static class StartSecrets
{
    private const int MostBytes = 1 << 20;
    private const string CredentialsInside = "/run/credentials/";
    private const string CredentialsVariable = "CREDENTIALS_DIRECTORY";
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;
    private const UnixFileMode OwnerReads = UnixFileMode.UserRead;

    /// <summary>Where the administrator keeps secrets.</summary>
    /// <param name="configHome">A user's directory of settings; null for the system's.</param>
    public static string DirectoryOf(string? configHome) => Path.Join(configHome ?? "/etc", "sysctr/secrets.d");

    /// <param name="document">config.json of this start.</param>
    /// <param name="bundle">Its directory.</param>
    /// <param name="directory"><see cref="DirectoryOf"/>.</param>
    /// <param name="credentials">What systemd loaded for the unit, for names that the directory has not; null for
    /// nothing.</param>
    /// <exception cref="SysctrException">NotFound: there is no such secret; Unsafe: others can read it.</exception>
    public static void Add(JsonObject document, string bundle, string directory, string? credentials)
    {
        foreach (
            (int number, SecretSetting secret) in StartAnnotations
                .Lines(document, StartAnnotations.Secrets)
                .Select(SecretSetting.Parse)
                .Index()
        )
        {
            byte[] text = Read(secret.Name, directory, credentials);
            if (secret.Variable is { } variable)
            {
                // As podman does it, the text as it is; execve(2) ends it at a NUL.
                BundleConfig.SetVariable(
                    document,
                    variable,
                    text.Contains((byte)0)
                        ? throw new SysctrException(
                            ErrorKind.Usage,
                            $"giving the secret {secret.Name} as a variable: it has a NUL in it",
                            "give it as a file: type=mount"
                        )
                        : Encoding.UTF8.GetString(text)
                );
                continue;
            }

            string kept = Path.Join(
                MadePrivate(bundle, "secrets"),
                number.ToString(System.Globalization.CultureInfo.InvariantCulture)
            );
            Write(kept, text, (UnixFileMode)secret.Mode, secret.Uid, secret.Gid);
            Bind(document, kept, secret.File!);
        }
    }

    /// <summary>What systemd loaded for the unit whose process this is; null for nothing.</summary>
    public static string? OwnCredentials => Environment.GetEnvironmentVariable(CredentialsVariable);

    /// <summary>Gives the payload what systemd loaded for the unit, by copies that its user may read: systemd's are for
    /// the unit's user alone, who is root.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="bundle">Where the copies go.</param>
    /// <param name="name">The container.</param>
    /// <param name="given">Where systemd has them; null for none.</param>
    public static void AddCredentials(JsonObject document, string bundle, string name, string? given)
    {
        // Of a start that failed there may be others, in a directory that not even its owner may write to.
        string directory = Path.Join(bundle, "credentials");
        if (Directory.Exists(directory))
        {
            File.SetUnixFileMode(directory, OwnerReads | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            TreeRemoval.Remove(directory);
        }

        if (
            StartAnnotations.Lines(document, StartAnnotations.Environment).Count == 0
            || given is not { Length: > 0 }
            || !Directory.Exists(given)
        )
        {
            return;
        }

        uint uid = document["process"]?["user"]?["uid"]?.GetValue<uint>() ?? 0;
        uint gid = document["process"]?["user"]?["gid"]?.GetValue<uint>() ?? 0;
        _ = MadePrivate(bundle, "credentials");
        foreach (string file in Directory.EnumerateFiles(given))
        {
            Write(Path.Join(directory, Path.GetFileName(file)), File.ReadAllBytes(file), OwnerReads, uid, gid);
        }

        Own(directory, OwnerReads | UnixFileMode.UserExecute, uid, gid);
        string inside = CredentialsInside + name + ".service";
        Bind(document, directory, inside);
        BundleConfig.SetVariable(document, CredentialsVariable, inside);
    }

    /// <summary>A secret that nobody but its owner may read.</summary>
    private static byte[] Read(string name, string directory, string? credentials)
    {
        string file = Path.Join(directory, name);
        if (BoundedFile.Read("/", file, MostBytes) is not { } text)
        {
            // systemd keeps them from others than the unit's user, its own modes say nothing of that.
            return
                credentials is { Length: > 0 }
                && BoundedFile.Read("/", Path.Join(credentials, name), MostBytes) is { } loaded
                ? loaded
                : throw Missing(name, directory);
        }

        return Fault(file, file) is { } fault ? throw fault : text;
    }

    /// <summary>What keeps a secret from being used; null for nothing.</summary>
    /// <param name="shown">What to call it.</param>
    public static SysctrException? Fault(string file, string shown) =>
        (File.GetUnixFileMode(file) & Others) != UnixFileMode.None
            ? new SysctrException(
                ErrorKind.Unsafe,
                $"reading the secret {shown}: others than its owner may use it",
                $"'chmod 600 {shown}'"
            )
            : null;

    /// <summary>There is no such secret.</summary>
    public static SysctrException Missing(string name, string directory) =>
        new(
            ErrorKind.NotFound,
            $"reading the secret {name}: there is no {directory}/{name}, and no credential of the unit",
            "write it there, with mode 600, or let the unit load it: LoadCredential= or SetCredential= in [Service]"
        );

    private static string MadePrivate(string bundle, string name)
    {
        string directory = Path.Join(bundle, name);
        Directory.CreateDirectory(directory, OwnerReads | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return directory;
    }

    private static void Write(string file, byte[] text, UnixFileMode mode, uint uid, uint gid)
    {
        File.Delete(file);
#pragma warning disable RS0030 // /run is memory: nothing there outlives the machine.
        File.WriteAllBytes(file, text);
#pragma warning restore RS0030
        Own(file, mode, uid, gid);
    }

    /// <summary>A user's copies stay the user's, who is root in there; their directory is the user's alone, so that on
    /// the host no other gets to them.</summary>
    private static void Own(string path, UnixFileMode mode, uint uid, uint gid)
    {
        bool root = Libc.geteuid() == 0;
        File.SetUnixFileMode(path, root ? mode : mode | (UnixFileMode)(((int)mode >> 3 & 0b111_000) | (int)mode >> 6));
        if (root && (uid, gid) != (0u, 0u))
        {
            using SafeFileHandle handle = Libc.open(path, OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
            if (handle.IsInvalid || Libc.fchown(handle, uid, gid) != 0)
            {
                throw LinuxException.Last("fchown", path);
            }
        }
    }

    private static void Bind(JsonObject document, string source, string destination) =>
        BundleConfig.AddBind(document, source, destination, "ro", "nosuid", "nodev", "noexec", "private");
}
