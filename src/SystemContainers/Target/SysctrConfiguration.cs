// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Rights;
using SystemContainers.Store;
using SystemContainers.Systemd;
using Tomlyn;

namespace SystemContainers.Target;

/// <summary>
/// The host's own settings, <c>/etc/sysctr/sysctr.toml</c> (sysctr.toml(5)). A missing file means the defaults; an
/// unknown key is an error, for a misspelt setting must not pass unseen.
/// </summary>
sealed record SysctrConfiguration
{
    private const int MaxBytes = 1 << 20;
    private const double MaxSettle = 3600;

    /// <summary>Name or path of the OCI runtime, null for the default.</summary>
    public string? Runtime { get; init; }

    /// <summary>The form of checkouts; null for the best that the host can.</summary>
    public CheckoutForm? Checkout { get; init; }

    /// <summary>How long a unit has to stay up after its start, before an update counts as done.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many deployments of a container an update keeps, the one in use among them; pinned ones do not
    /// count.</summary>
    public int Keep { get; init; } = 2;

    /// <summary>The semaphore that updates of this host go by, a <see cref="LockReference"/>; null for none.</summary>
    public string? Lock { get; init; }

    /// <summary>How to be known to etcd.</summary>
    public EtcdSettings? Etcd { get; init; }

    /// <summary>What stays free of the store's file system.</summary>
    public FreeSpaceRule MinFreeSpace { get; init; } = FreeSpaceRule.Default;

    /// <summary>What images may have, by where they come from.</summary>
    public RightsPolicy Rights { get; init; } = RightsPolicy.None;

    /// <summary>The place of the file on a host.</summary>
    public const string Path = "/etc/sysctr/sysctr.toml";

    /// <summary>Reads the settings of a host; a user's own file, <c>~/.config/sysctr/sysctr.toml</c>, stands in place
    /// of the host's.</summary>
    /// <exception cref="SysctrException">Usage: the file does not parse, or has a key that we don't know.</exception>
    public static SysctrConfiguration Load(HostPaths paths)
    {
        string? own = paths.User is { } user ? System.IO.Path.Join(user.ConfigHome, "sysctr/sysctr.toml") : null;
        string file = own is not null && File.Exists(own) ? own : paths.Inside(Path);
        if (!File.Exists(file))
        {
            return new SysctrConfiguration();
        }

        ConfigurationToml settings = Parse(file);
        if (settings.Unknown.Keys.FirstOrDefault() is { } unknown)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading {file}: unknown setting '{unknown}'",
                "known settings: runtime, checkout, settle, keep, min-free-space, lock, and the tables etcd and [[rights]]"
            );
        }

        if (settings.Etcd?.Unknown.Keys.FirstOrDefault() is { } odd)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading {file}: unknown setting '{odd}' in [etcd]",
                "known settings: cacert, cert, key, user"
            );
        }

        SysctrConfiguration defaults = new();
        return new SysctrConfiguration
        {
            Runtime = settings.Runtime,
            Checkout = settings.Checkout is { } checkout ? CheckoutOf($"reading {file}: checkout", checkout) : null,
            Settle = settings.Settle is { } settle ? SettleOf($"reading {file}: settle", settle) : defaults.Settle,
            MinFreeSpace = ReadRule(file, settings.MinFreeSpace),
            Keep = settings.Keep is { } keep ? KeepOf($"reading {file}: keep", keep) : defaults.Keep,
            Lock = settings.Lock,
            Etcd = settings.Etcd,
            Rights = RightsPolicy.Of(file, settings.Rights),
        };
    }

    /// <summary>How to be known to etcd, as the environment and then the file say.</summary>
    public EtcdSettings EtcdOver(Func<string, string?> variable) => (Etcd ?? new EtcdSettings()).Over(variable);

    /// <summary>A time to settle in seconds, from wherever it was written.</summary>
    /// <exception cref="SysctrException">Usage: it is none.</exception>
    public static TimeSpan SettleOf(string place, double seconds) =>
        seconds is >= 0 and <= MaxSettle
            ? TimeSpan.FromSeconds(seconds)
            : throw new SysctrException(ErrorKind.Usage, $"{place}: it has to be between 0 and {MaxSettle} seconds");

    /// <summary>A form of checkout, from wherever it was written; null for <c>auto</c>.</summary>
    /// <exception cref="SysctrException">Usage: it is none.</exception>
    public static CheckoutForm? CheckoutOf(string place, string text) =>
        CheckoutForms.TryParse(text, out CheckoutForm? form)
            ? form
            : throw new SysctrException(
                ErrorKind.Usage,
                $"{place}: {text} is no form of checkout",
                "write auto, composefs or hardlinks"
            );

    /// <summary>A number of deployments to keep, from wherever it was written.</summary>
    /// <exception cref="SysctrException">Usage: it would not leave the one in use.</exception>
    public static int KeepOf(string place, int keep) =>
        keep >= 1
            ? keep
            : throw new SysctrException(
                ErrorKind.Usage,
                $"{place}: it has to be 1 or more, for the deployment in use counts"
            );

    private static FreeSpaceRule ReadRule(string file, string? text) =>
        text is null
            ? FreeSpaceRule.Default
            : FreeSpaceRule.TryParse(text)
                ?? throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading {file}: min-free-space = \"{text}\" is no amount",
                    "write a percentage such as 5%, or a size such as 500MB or 2G"
                );

    private static ConfigurationToml Parse(string file)
    {
        try
        {
            return TomlSerializer.Deserialize(
                    BoundedFile.ReadText("/", file, MaxBytes) ?? "",
                    ConfigurationTomlContext.Default.ConfigurationToml
                ) ?? new ConfigurationToml();
        }
        catch (Exception e) when (e is TomlException or InvalidOperationException or FormatException)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {file}: {TomlFault.Of(e)}", inner: e);
        }
        catch (IOException e) when (e is not LinuxException)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {file}: {e.Message}", inner: e);
        }
    }
}
