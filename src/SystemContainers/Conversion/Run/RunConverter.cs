// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Conversion.Files;
using SystemContainers.Exports;
using SystemContainers.Quadlet;
using SystemContainers.Settings;

namespace SystemContainers.Conversion.Run;

/// <summary>Makes of the options of a container its .container file, and the files that this names.</summary>
/// <param name="files">Gets the files of volumes and networks.</param>
/// <param name="file">The container's.</param>
/// <param name="context">Where the options are from.</param>
sealed partial class RunConverter(ConvertedFiles files, ConvertedFile file, RunContext context)
{
    /// <summary>The option with which a directory stands in the place of the image.</summary>
    public const string RootfsOption = "rootfs";

    private const string Unit = "Unit";
    private const string Service = "Service";

    private readonly Dictionary<string, GivenOption> _later = new(StringComparer.Ordinal);
    private readonly List<GivenOption> _published = [];
    private string? _closed;

    /// <summary>The container's file.</summary>
    public ConvertedFile File => file;

    /// <summary>A name for a container that has none: of its image.</summary>
    public static string NameOf(string image)
    {
        string last = image.Split('@')[0].Split('/')[^1].Split(':')[0];
        return FileNameOf(last.Length > 0 ? last : "container");
    }

    /// <summary>A name that a container can have, as close as can be.</summary>
    public static string FileNameOf(string name)
    {
        string plain = new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '-')]);
        plain = plain.TrimStart('.', '-', '+');
        return ContainerName.IsValid(plain) ? plain : "container";
    }

    /// <summary>Writes a whole container.</summary>
    /// <param name="image">As it was named; with <c>--rootfs</c> the directory in its place.</param>
    /// <param name="options">In their order.</param>
    /// <param name="command">The words behind the image.</param>
    /// <param name="place">What the image and the command stand in.</param>
    public void Convert(string image, IReadOnlyList<GivenOption> options, IReadOnlyList<string> command, string place)
    {
        bool isRootfs = options.LastOrDefault(o => o.Name == RootfsOption) is { IsOff: false };
        file.Key(isRootfs ? "Rootfs" : "Image", isRootfs ? Absolute(image) : image, place);
        foreach (GivenOption option in options)
        {
            RunOptions.Find(option.Name)!.Carry(this, option);
        }

        if (command.Count > 0)
        {
            file.Words("Exec", command, place);
        }

        Finish();
    }

    /// <summary>Keeps an option that counts together with others.</summary>
    public void Later(GivenOption option) => _later[option.Name] = option;

    private void Finish()
    {
        foreach (GivenOption port in _published)
        {
            if (_closed is null)
            {
                file.Key("PublishPort", port.Value, port.Place);
            }
            else
            {
                file.Note(port.Place, $"left out: {_closed}");
            }
        }

        Swap();
        Quota();
        if (
            file.Lines.FirstOrDefault(l => l.Key is "IP" or "IP6") is { } address
            && files.All.FirstOrDefault(f =>
                f.Name.EndsWith(".network", StringComparison.Ordinal) && !f.Has(NetworkFile.Section, "Subnet")
            )
                is { } network
        )
        {
            file.Note(
                address.Origin,
                $"{network.Name} gets a free subnet unless Subnet= in it says in which the address is"
            );
        }

        file.OnlyLine("Install", "WantedBy", files.IsUser ? "default.target" : "multi-user.target", "");
    }

    private void Swap()
    {
        if (!_later.TryGetValue("memory-swap", out GivenOption? swap) || swap.Value is "-1" or "0" or "")
        {
            return;
        }

        try
        {
            long limit = Quantity.Bytes(swap.Value);
            long memory = file.Lines.LastOrDefault(l => l.Key == "Memory") is { } own
                ? Quantity.Bytes(own.Text)
                : throw new FormatException("it goes with --memory");
            file.OnlyLine(
                Service,
                "MemorySwapMax",
                Math.Max(0, limit - memory).ToString(CultureInfo.InvariantCulture),
                swap.Place
            );
        }
        catch (FormatException e)
        {
            file.Lose(swap.Place, e.Message, "MemorySwapMax= in [Service] limits swap alone");
        }
    }

    private void Quota()
    {
        if (!_later.TryGetValue("cpu-quota", out GivenOption? quota) || quota.Value is "-1" or "0" or "")
        {
            return;
        }

        string period =
            _later.TryGetValue("cpu-period", out GivenOption? given) && given.Value is not ("0" or "")
                ? given.Value
                : "100000";
        if (
            long.TryParse(quota.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long time)
            && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out long of)
            && of > 0
        )
        {
            // Never more than was said; and none at all would be no limit. systemd knows hundredths of a percent.
            decimal cpus = Math.Max(1, Math.Floor((decimal)time * 10_000 / of)) / 10_000;
            file.Key("PodmanArgs", string.Create(CultureInfo.InvariantCulture, $"--cpus={cpus:0.####}"), quota.Place);
        }
        else
        {
            file.Lose(quota.Place, "it is no number of microseconds", null);
        }
    }

    /// <summary>What has a NUL is no path; the line that it would be in says so.</summary>
    private string Absolute(string path) =>
        path.Contains('\0', StringComparison.Ordinal) ? path : Path.GetFullPath(path, context.Directory);
}
