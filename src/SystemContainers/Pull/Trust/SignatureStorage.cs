// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;
using SystemContainers.Reference;
using SystemContainers.Yaml;

namespace SystemContainers.Pull.Trust;

/// <summary>
/// containers-registries.d(5): where the signatures of an image are, by its name. Files of all directories count
/// together, one of the same name in a later directory stands in the place of an earlier one's, and nothing may be said
/// twice.
/// </summary>
sealed class SignatureStorage
{
    private const int MaxFileBytes = 1 << 20;

    private readonly Dictionary<string, SignatureNamespace> _namespaces;
    private readonly string _builtIn;
    private SignatureNamespace? _default;

    private SignatureStorage(
        string builtIn,
        Dictionary<string, SignatureNamespace> namespaces,
        SignatureNamespace? defaults
    )
    {
        _builtIn = builtIn;
        _namespaces = namespaces;
        _default = defaults;
    }

    /// <summary>The directories of who pulls, the later ones before the earlier; and where signatures are that nothing
    /// says a place of.</summary>
    /// <param name="user">Null for root.</param>
    /// <param name="root">The root directory of the host whose they are.</param>
    /// <param name="environment">The caller's, which says where root's home directory is; null for none.</param>
    public static (IReadOnlyList<string> Directories, string BuiltIn) Places(
        HostUser? user,
        string root,
        Func<string, string?>? environment
    )
    {
        string[] OfHost(string directory) =>
            user is null
                ? [Path.Join(directory, "registries.d"), Path.Join(directory, "registries.rootful.d")]
                :
                [
                    Path.Join(directory, "registries.d"),
                    Path.Join(directory, "registries.rootless.d"),
                    Path.Join(directory, "registries.rootless.d", $"{user.Uid}"),
                ];
        return (
            [.. OfHost("/usr/share/containers"), .. OfHost("/etc/containers"), Own(user, root, environment)],
            user is null
                ? "file:///var/lib/containers/sigstore"
                : "file://" + Path.Join(user.Home, ".local/share/containers/sigstore")
        );
    }

    /// <summary>The directory in the home directory.</summary>
    /// <param name="user">Null for root.</param>
    /// <param name="root">The root directory of the host whose it is.</param>
    /// <param name="environment">The caller's; null for none.</param>
    public static string Own(HostUser? user, string root, Func<string, string?>? environment) =>
        Path.Join(OwnTrustFiles.Directory(user, root, environment), "registries.d");

    /// <summary>That of who pulls; and for a system below a directory its own as well, whose policy was written with it
    /// in mind.</summary>
    /// <param name="user">Null for root.</param>
    /// <param name="root">The root directory of the host that an image is for.</param>
    /// <exception cref="SysctrException">As <see cref="Load"/>.</exception>
    public static SignatureStorage Of(HostUser? user, string root = "/")
    {
        (IReadOnlyList<string> directories, string builtIn) = Places(user, "/", Environment.GetEnvironmentVariable);
        SignatureStorage caller = Load(directories, builtIn);
        if (root == "/")
        {
            return caller;
        }

        string Below(string path) => RootedPath.Resolve(root, path, followLast: true);
        (directories, builtIn) = Places(null, root, environment: null);
        SignatureStorage own = Load([.. directories.Select(Below)], builtIn);
        return new SignatureStorage(caller._builtIn, caller._namespaces, caller._default)
        {
            Also = new SignatureStorage(own._builtIn, own._namespaces, own._default) { Here = Below },
        };
    }

    /// <summary>This one, and that of the system below a directory: a signature of either place counts, for what it
    /// proves it proves wherever it lies.</summary>
    public IEnumerable<SignatureStorage> All => Also is { } other ? [this, other] : [this];

    /// <summary>Where this process finds a file that it names.</summary>
    public Func<string, string> Here { get; private init; } = p => p;

    private SignatureStorage? Also { get; init; }

    /// <summary>Reads the files.</summary>
    /// <param name="directories">Those that are not there are passed over.</param>
    /// <param name="builtIn">A URL, for images that nothing says a place of.</param>
    /// <exception cref="SysctrException">Policy: one can't be read or understood, or two say something of the same
    /// names.</exception>
    public static SignatureStorage Load(IReadOnlyList<string> directories, string builtIn)
    {
        SignatureStorage storage = new(
            builtIn,
            new Dictionary<string, SignatureNamespace>(StringComparer.Ordinal),
            defaults: null
        );
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (string directory in directories)
        {
            try
            {
                foreach (
                    string file in Directory
                        .EnumerateFileSystemEntries(directory)
                        .Where(f => f.EndsWith(".yaml", StringComparison.Ordinal) && !Directory.Exists(f))
                )
                {
                    files[Path.GetFileName(file)] = file;
                }
            }
            catch (DirectoryNotFoundException)
            {
                continue;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Invalid(directory, e.Message, e);
            }
        }

        foreach (string file in files.Values)
        {
            storage.Add(file);
        }

        return storage;
    }

    /// <summary>The URL below which the signatures of an image are, without its repository.</summary>
    /// <param name="image">As it is reached: a mirror has signatures of its own.</param>
    /// <returns>The URL, and the file that says so; null for the built-in one.</returns>
    public (string Url, string? File) Lookaside(ImageReference image) =>
        Sections(image).FirstOrDefault(s => s.Lookaside is { Length: > 0 }) is { } section
            ? (section.Lookaside!, section.File)
            : (_builtIn, null);

    /// <summary>Whether sigstore's signatures in the registry are looked for
    /// (<c>use-sigstore-attachments</c>).</summary>
    /// <param name="image">As it is reached.</param>
    public bool UsesAttachments(ImageReference image) =>
        Sections(image).FirstOrDefault(s => s.UsesAttachments is not null)?.UsesAttachments ?? false;

    /// <summary>The file that says something of a namespace, or of all where it is empty; null for none.</summary>
    public string? FileOf(string name) => name.Length == 0 ? _default?.File : _namespaces.GetValueOrDefault(name)?.File;

    /// <summary>Where simple signatures of what a namespace holds are, or, where it is empty, of all that nothing else
    /// is said of; null where it is not said.</summary>
    public string? LookasideOf(string name) =>
        (name.Length == 0 ? _default : _namespaces.GetValueOrDefault(name))?.Lookaside;

    /// <summary>Whether sigstore's signatures are looked for in all that a namespace holds, or, where it is empty,
    /// where nothing else is said.</summary>
    public bool AttachmentsOf(string name) =>
        (name.Length == 0 ? _default : _namespaces.GetValueOrDefault(name) ?? _default)?.UsesAttachments ?? false;

    /// <summary>What is said of an image, the most specific first; what one leaves open the next may say.</summary>
    private IEnumerable<SignatureNamespace> Sections(ImageReference image) =>
        [
            .. DockerScopes
                .Identities(image)
                .Concat(DockerScopes.Namespaces(image))
                .Select(_namespaces.GetValueOrDefault)
                .OfType<SignatureNamespace>(),
            .. _default is { } d ? (SignatureNamespace[])[d] : [],
        ];

    private void Add(string file)
    {
        YamlMap root;
        try
        {
            FileInfo info = new(file);
            if (info.Length > MaxFileBytes)
            {
                throw Invalid(file, $"it is larger than {MaxFileBytes} bytes");
            }

            switch (YamlText.Parse(new YamlSource(file, file), BoundedFile.ReadText("/", file, MaxFileBytes) ?? ""))
            {
                case null or YamlScalar { IsNull: true }:
                    return;
                case YamlMap map:
                    root = map;
                    break;
                default:
                    throw Invalid(file, "it is no mapping");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(file, e.Message, e);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Usage)
        {
            throw new SysctrException(ErrorKind.Policy, e.Message, "correct it; see containers-registries.d(5)", e);
        }

        if (Section(root.Find("default-docker"), file) is { } section)
        {
            _default = _default is { } other ? throw Invalid(file, $"default-docker is in {other.File} too") : section;
        }

        if (root.Find("docker") is not (null or YamlScalar { IsNull: true }))
        {
            YamlMap namespaces = root.Find("docker") as YamlMap ?? throw Invalid(file, "docker is no mapping");
            foreach ((YamlScalar name, YamlNode value) in namespaces.Entries)
            {
                if (_namespaces.TryGetValue(name.Text, out SignatureNamespace? other))
                {
                    throw Invalid(file, $"{Redact.Text(name.Text)} is in {other.File} too");
                }

                _namespaces[name.Text] = Section(value, file) ?? new SignatureNamespace(null, null, file);
            }
        }
    }

    private static SignatureNamespace? Section(YamlNode? node, string file) =>
        node switch
        {
            null or YamlScalar { IsNull: true } => null,
            // The names with sigstore are the older ones.
            YamlMap map => new SignatureNamespace(
                Text(map, "lookaside", file) ?? Text(map, "sigstore", file),
                Flag(map, "use-sigstore-attachments", file),
                file
            ),
            _ => throw Invalid(file, "a section is no mapping"),
        };

    private static string? Text(YamlMap map, string key, string file) =>
        map.Find(key) switch
        {
            null or YamlScalar { IsNull: true } => null,
            YamlScalar scalar => scalar.Text.Length == 0 ? null : scalar.Text,
            _ => throw Invalid(file, $"{key} is no string"),
        };

    private static bool? Flag(YamlMap map, string key, string file) =>
        map.Find(key) switch
        {
            null or YamlScalar { IsNull: true } => null,
            YamlScalar
            {
                IsPlain: true,
                Text: "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y"
            } => true,
            YamlScalar
            {
                IsPlain: true,
                Text: "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N"
            } => false,
            _ => throw Invalid(file, $"{key} is neither true nor false"),
        };

    private static SysctrException Invalid(string file, string why, Exception? inner = null) =>
        new(
            ErrorKind.Policy,
            $"reading {file}: {why}",
            "it says where signatures are, which policy.json asks for: correct it; see containers-registries.d(5)",
            inner
        );
}
