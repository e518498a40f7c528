// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Pull.Chunked;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>Contents that were found in objects of a store. An object need not be there any more when it is opened: no
/// lease is held over the network.</summary>
/// <param name="store">Outlives this.</param>
/// <param name="places">Where each content is.</param>
sealed class StoreContents(ContentStore store, IReadOnlyDictionary<ContentSum, (ObjectKey Key, long Offset)[]> places)
    : IFoundContents
{
    private ObjectKey _key;
    private SafeFileHandle? _file;

    /// <inheritdoc/>
    public int Count => places.Count;

    /// <inheritdoc/>
    public int Places(ContentSum sum) => places.TryGetValue(sum, out (ObjectKey, long)[]? all) ? all.Length : 0;

    /// <inheritdoc/>
    public (SafeFileHandle File, long Offset)? Open(ContentSum sum, int place)
    {
        (ObjectKey key, long offset) = places[sum][place];
        if (_file is null || _key != key)
        {
            _file?.Dispose();
            (_file, _key) = (TryOpen(key), key);
        }

        return _file is null ? null : (_file, offset);
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private SafeFileHandle? TryOpen(ObjectKey key)
    {
        try
        {
            return store.OpenObject(key);
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return null;
        }
    }
}
