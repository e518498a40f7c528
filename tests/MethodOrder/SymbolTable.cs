// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;

namespace SystemContainers.MethodOrder;

/// <summary>The functions of a program linked at fixed addresses.</summary>
sealed class SymbolTable
{
    private readonly ulong[] _addresses;
    private readonly string[][] _names;

    private SymbolTable(IEnumerable<IGrouping<ulong, string>> functions)
    {
        IGrouping<ulong, string>[] sorted = [.. functions.OrderBy(f => f.Key)];
        _addresses = [.. sorted.Select(f => f.Key)];
        _names = [.. sorted.Select(f => f.ToArray())];
    }

    /// <summary>Reads the symbols of an ELF file by nm(1).</summary>
    public static async Task<SymbolTable> ReadAsync(string file)
    {
        string output = (await Command.MustAsync("nm", "--defined-only", file)).Output;
        return new SymbolTable(
            output
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ', 3))
                .Where(parts => parts is [{ Length: 16 }, "t" or "T", _])
                .GroupBy(
                    parts => ulong.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    p => p[2]
                )
        );
    }

    /// <summary>The compiled methods that addresses lie in, in the order of the first of each. Methods with one body
    /// have several names; functions of the runtime in C++, which nobody sorts, are left out.</summary>
    /// <param name="addresses">In code.</param>
    /// <param name="besides">Begins of names of methods that come after them.</param>
    public IReadOnlyList<string> Methods(IReadOnlyList<ulong> addresses, params string[] besides)
    {
        HashSet<int> seen = [];
        List<string> names = [];
        foreach (ulong address in addresses)
        {
            int found = Array.BinarySearch(_addresses, address);
            int function = found >= 0 ? found : ~found - 1;
            if (function >= 0 && seen.Add(function))
            {
                names.AddRange(_names[function].Where(n => !n.StartsWith("_Z", StringComparison.Ordinal)));
            }
        }

        return
        [
            .. names
                .Concat(
                    _names.SelectMany(n => n).Where(n => besides.Any(b => n.StartsWith(b, StringComparison.Ordinal)))
                )
                .Distinct(StringComparer.Ordinal),
        ];
    }
}
