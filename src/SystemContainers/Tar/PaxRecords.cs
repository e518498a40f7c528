// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Tar;

/// <summary>
/// The records of one pax header, <c>LENGTH KEY=VALUE\n</c> (POSIX pax, "pax Header Block"): keys as text, values as
/// bytes, of a repeated key the last. Lengths rule, so values may hold newlines and zeros.
/// </summary>
sealed class PaxRecords
{
    private static readonly string[] s_sparse =
    [
        "GNU.sparse.major",
        "GNU.sparse.minor",
        "GNU.sparse.map",
        "GNU.sparse.numblocks",
    ];

    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    /// <summary>GNU.sparse.offset and numbytes in the order in which they came: format 0.0 repeats them.</summary>
    public List<long> SparseNumbers { get; } = [];

    public IEnumerable<KeyValuePair<string, byte[]>> All => _values;

    /// <summary>Whether it says that the file has holes, and where.</summary>
    public bool IsSparse => SparseNumbers.Count > 0 || Array.Exists(s_sparse, key => Find(key) is not null);

    /// <summary>The value; null where there is none, or an empty one, which takes back what a global header
    /// said.</summary>
    public byte[]? Find(string key) => _values.TryGetValue(key, out byte[]? value) && value.Length > 0 ? value : null;

    /// <summary>Whether a record of that key is there, be it empty.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>Takes over the records of <paramref name="data"/>.</summary>
    /// <returns>False where it is no sequence of records.</returns>
    public bool TryAdd(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int space = data.IndexOf((byte)' ');
            if (
                space <= 0
                || !TarNumber.TryParseDecimal(data[..space], out long length)
                || length > data.Length
                || length < space + 3
                || data[(int)length - 1] != '\n'
            )
            {
                return false;
            }

            ReadOnlySpan<byte> record = data[(space + 1)..((int)length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0 || record[..equals].Contains((byte)0))
            {
                return false;
            }

            Add(Latin1(record[..equals]), record[(equals + 1)..].ToArray());
            data = data[(int)length..];
        }

        return true;
    }

    /// <summary>A key as text, a character a byte: attribute names that are not UTF-8 come back whole.</summary>
    private static string Latin1(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);

    private void Add(string key, byte[] value)
    {
        if (key is "GNU.sparse.offset" or "GNU.sparse.numbytes")
        {
            // They have to take turns; -1 is in no valid map.
            bool inTurn = key == "GNU.sparse.offset" == (SparseNumbers.Count % 2 == 0);
            SparseNumbers.Add(inTurn && TarNumber.TryParseDecimal(value, out long number) ? number : -1);
        }
        else if (_values.Count == TarLimits.MaxPaxRecords && !_values.ContainsKey(key))
        {
            // Of a global header each is looked at for each entry.
            TarErrors.Unsafe($"a pax header has more than {TarLimits.MaxPaxRecords} records", position: null);
        }

        _values[key] = value;
    }
}
