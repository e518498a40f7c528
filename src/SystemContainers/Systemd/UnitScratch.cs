// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.Systemd;

/// <summary>Units in a directory of their own, where systemd's tools can look at them before they are on the
/// host.</summary>
sealed class UnitScratch : IDisposable
{
    private const string InstanceMark = "@verify.";

    private UnitScratch() { }

    public string Directory { get; } = ScratchDirectory.Create();

    /// <summary>Writes units and drop-ins.</summary>
    /// <param name="units">File names, <c>NAME.service</c> or <c>NAME.service.d/10-sysctr.conf</c>, and their
    /// texts.</param>
    public static async Task<UnitScratch> WriteAsync(
        IReadOnlyList<(string FileName, string Text)> units,
        CancellationToken cancellation
    )
    {
        UnitScratch scratch = new();
        foreach ((string fileName, string text) in units)
        {
            string file = Path.Join(scratch.Directory, fileName);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(file)!);
#pragma warning disable RS0030 // A scratch file.
            await File.WriteAllTextAsync(file, text, cancellation);
#pragma warning restore RS0030
        }

        return scratch;
    }

    /// <summary>The path by which a tool loads a unit: a template can be loaded as one of its instances only; a link
    /// gives it one.</summary>
    public string Loadable(string unit)
    {
        string path = Path.Join(Directory, Instance(unit));
        if (!File.Exists(path))
        {
            File.CreateSymbolicLink(path, unit);
        }

        return path;
    }

    /// <summary>The name by which a tool speaks of a unit.</summary>
    public static string Instance(string unit) => unit.Replace("@.", InstanceMark, StringComparison.Ordinal);

    /// <summary>The name that a unit was given, from the one that a tool speaks of.</summary>
    public static string Original(string unit) => unit.Replace(InstanceMark, "@.", StringComparison.Ordinal);

    public void Dispose() => ScratchDirectory.Remove(Directory);
}
