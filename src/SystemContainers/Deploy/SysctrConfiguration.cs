using SystemContainers.Deploy.Fleet;
using SystemContainers.Errors;
using Tomlyn;

namespace SystemContainers.Deploy;

/// <summary>
/// The host's own settings, <c>/etc/sysctr/sysctr.toml</c> (sysctr.toml(5)). A missing file means the defaults; an unknown
/// key is an error, for a misspelt setting must not pass unseen.
/// </summary>
/// <param name="Runtime">Name or path of the OCI runtime, null for the default.</param>
/// <param name="Lock">The semaphore that updates of this host go by, a <see cref="LockReference"/>; null for none.</param>
/// <param name="Etcd">How to be known to etcd.</param>
sealed record SysctrConfiguration(string? Runtime, string? Lock = null, EtcdSettings? Etcd = null)
{
    /// <summary>The place of the file on a host.</summary>
    public const string Path = "/etc/sysctr/sysctr.toml";

    /// <summary>Reads the settings of the host below <paramref name="root"/>.</summary>
    /// <exception cref="SysctrException">Usage: the file does not parse, or has a key that we don't know.</exception>
    public static SysctrConfiguration Load(string root)
    {
        string file = System.IO.Path.Join(root, Path);
        if (!File.Exists(file))
        {
            return new SysctrConfiguration((string?)null);
        }

        ConfigurationToml settings = Parse(file);
        return settings.Unknown.Keys.FirstOrDefault() is { } unknown
            ? throw new SysctrException(ErrorKind.Usage, $"reading {file}: unknown setting '{unknown}'", "known settings: runtime, lock, and the table etcd")
            : settings.Etcd?.Unknown.Keys.FirstOrDefault() is { } odd
            ? throw new SysctrException(ErrorKind.Usage, $"reading {file}: unknown setting '{odd}' in [etcd]", "known settings: cacert, cert, key, user")
            : new SysctrConfiguration(settings.Runtime, settings.Lock, settings.Etcd);
    }

    /// <summary>How to be known to etcd, as the environment and then the file say.</summary>
    public EtcdSettings EtcdOver(Func<string, string?> variable) => (Etcd ?? new EtcdSettings()).Over(variable);

    private static ConfigurationToml Parse(string file)
    {
        try
        {
            return TomlSerializer.Deserialize(File.ReadAllText(file), ConfigurationTomlContext.Default.ConfigurationToml) ?? new ConfigurationToml();
        }
        catch (Exception e) when (e is TomlException or InvalidOperationException or FormatException)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {file}: {e.Message.ReplaceLineEndings(" ")}", inner: e);
        }
    }
}
