// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>
/// The workers of one layer that hash and write its small files, while its reader inflates on. What is under way is bounded, so
/// that a fast reader can't fill the memory.
/// </summary>
sealed class ObjectWriters : IDisposable
{
    /// <summary>Files are handed over several at once, up to this many bytes: threads that wait for each other at every file do little else.</summary>
    private const int BatchBytes = 128 << 10;

    /// <summary>As <see cref="BatchBytes"/>, for tiny files.</summary>
    private const int BatchFiles = 32;

    /// <summary>Batches that wait at most, each of at most <see cref="BatchBytes"/> and one file.</summary>
    private const int Capacity = 16;

    private readonly ContentStore _store;
    private readonly Staging _staging;
    private readonly BlockingCollection<List<PendingObject>> _queue = new(Capacity);
    private readonly Thread[] _threads;
    private List<PendingObject> _batch = [];
    private int _batchBytes;
    private volatile Exception? _failure;

    public ObjectWriters(ContentStore store, Staging staging)
    {
        _store = store;
        _staging = staging;
        _threads = [.. Enumerable.Range(0, Math.Min(Environment.ProcessorCount, 4)).Select(_ => new Thread(Work) { IsBackground = true })];
        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>Hands over a file; waits while too many are under way.</summary>
    /// <exception cref="LinuxException">An earlier one failed.</exception>
    public void Add(PendingObject pending)
    {
        ThrowIfFailed();
        _batch.Add(pending);
        _batchBytes += pending.Content.Length;
        if (_batchBytes >= BatchBytes || _batch.Count == BatchFiles)
        {
            HandOver();
        }
    }

    /// <summary>Waits until all is written.</summary>
    /// <exception cref="LinuxException">One failed.</exception>
    public void Finish()
    {
        HandOver();
        _queue.CompleteAdding();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        ThrowIfFailed();
    }

    public void Dispose()
    {
        // After a failure of the reader: let the workers run dry before the staging directory goes.
        _queue.CompleteAdding();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _queue.Dispose();
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void HandOver()
    {
        _queue.Add(_batch);
        (_batch, _batchBytes) = ([], 0);
    }

    private void Work()
    {
        foreach (PendingObject pending in _queue.GetConsumingEnumerable().SelectMany(batch => batch))
        {
            try
            {
                if (_failure is null)
                {
                    Write(pending);
                }
            }
            catch (Exception e)
            {
                // Thrown again on the layer's own thread, by Add or Finish.
                _failure = e;
            }
            finally
            {
                pending.Return();
            }
        }
    }

    private void Write(PendingObject pending)
    {
        ObjectKey key = pending.ComputeKey();
        pending.Entry.Object = key;
        if (_store.HasObject(key) || _staging.Has(key))
        {
            return;
        }

        using SafeFileHandle file = _staging.CreateFile(out StagedFile staged);
        FaultPoint.Pass("pwrite64");
        RandomAccess.Write(file, pending.Content, 0);
        ContentStore.ApplyMetadata(file, pending.Entry);
        _store.Wrote(pending.Content.Length);
        _staging.Add(key, staged);
    }
}
