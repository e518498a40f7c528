// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;

namespace SystemContainers.Conversion.Files;

/// <summary>The files that one call writes, and what is to be said of them.</summary>
/// <param name="isUser">Whether they are for a user's containers.</param>
sealed class ConvertedFiles(bool isUser)
{
    /// <summary>More files than one call can have, so that the search for what is refused ends.</summary>
    private const int MostRounds = 100;

    private readonly List<ConvertedFile> _files = [];
    private readonly Dictionary<string, ConvertedFile> _byName = new(StringComparer.Ordinal);
    private readonly ConversionFindings _findings = new();

    /// <summary>Whether they are for a user's containers.</summary>
    public bool IsUser => isUser;

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<ConvertedFile> All => _files;

    /// <summary>In the order in which they were found.</summary>
    public IReadOnlyList<ConversionFinding> Findings => _findings.All;

    /// <param name="name">With its suffix.</param>
    /// <param name="comments">What is said at its top.</param>
    public ConvertedFile Add(string name, params IReadOnlyList<string> comments)
    {
        ConvertedFile file = new(name, _findings) { Comments = comments };
        _files.Add(file);
        _byName.TryAdd(name, file);
        return file;
    }

    /// <summary>A file by its name; null where there is none.</summary>
    public ConvertedFile? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Tells what has no counterpart and belongs to no file.</summary>
    public void Lose(string place, string why, string? advice) =>
        _findings.Add(new ConversionFinding(place, Lost: true, why, advice));

    /// <summary>Tells what is to be known.</summary>
    public void Note(string place, string text) => _findings.Add(new ConversionFinding(place, Lost: false, text, null));

    /// <summary>
    /// Has <c>apply</c>'s reader read what was written, and takes out each line that it refuses, with its reason: what
    /// is left is accepted. So what sysctr learns to take is translated from then on.
    /// </summary>
    public void TakeOutRefused()
    {
        for (int round = 0; round < MostRounds; round++)
        {
            QuadletFaults faults = new();
            Dictionary<string, IReadOnlyDictionary<int, ConvertedLine>> numbered = new(StringComparer.Ordinal);
            List<QuadletUnit> units = [];
            foreach (ConvertedFile file in _files)
            {
                (string text, numbered[file.Name]) = file.Render();
                units.Add(new QuadletUnit(file.Name, file.Name, QuadletText.Parse(file.Name, text, faults)));
            }

            QuadletSet.Read(units, new QuadletHost { LooksAtHost = false, IsUser = isUser }, faults);
            Dictionary<string, HashSet<ConvertedLine>> refused = new(StringComparer.Ordinal);
            foreach (QuadletFault fault in faults.All)
            {
                // Without its image, or what stands for it, a file is nothing, and the next fault would be of whatever
                // line comes first. Of several faults of a line the first is its reason.
                if (
                    numbered[fault.Place.File].GetValueOrDefault(fault.Place.Line)
                        is { Key: not ("Image" or "Rootfs") } line
                    && Find(fault.Place.File) is { } file
                )
                {
                    if (!refused.TryGetValue(file.Name, out HashSet<ConvertedLine>? lines))
                    {
                        refused[file.Name] = lines = [];
                    }

                    if (lines.Add(line))
                    {
                        file.Lose(line.Origin, fault.Text, fault.Advice);
                    }
                }
            }

            foreach ((string name, HashSet<ConvertedLine> lines) in refused)
            {
                Find(name)!.Remove(lines.Contains);
            }

            if (refused.Count == 0)
            {
                foreach (QuadletFault fault in faults.All)
                {
                    Find(fault.Place.File)!
                        .Lose(fault.Place.File, $"'sysctr apply' refuses it: {fault.Text}", fault.Advice);
                }

                return;
            }
        }
    }
}
