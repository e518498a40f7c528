// SPDX-License-Identifier: Apache-2.0

using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>
/// The workers of one layer that hash and write its small files, while its reader inflates on. What is under way is
/// bounded, so that a fast reader can't fill the memory.
/// </summary>
sealed class ObjectWriters : IDisposable
{
    /// <summary>Files are handed over several at once, up to this many bytes: threads that wait for each other at every
    /// file do little else.</summary>
    private const int BatchBytes = 128 << 10;

    /// <summary>As <see cref="BatchBytes"/>, for tiny files.</summary>
    private const int BatchFiles = 32;

    /// <summary>Batches that wait at most, each of at most <see cref="BatchBytes"/> and one file.</summary>
    private const int Capacity = 8;

    private readonly ContentStore _store;
    private readonly Staging _staging;

    // The queue, and its lock. BlockingCollection spins before it waits: tens of thousands of sched_yield(2) in a pull.
    private readonly Queue<List<PendingObject>> _queue = new(Capacity);
    private readonly Thread[] _threads;
    private bool _isComplete;
    private List<PendingObject> _batch = [];
    private int _batchBytes;
    private volatile Exception? _failure;

    public ObjectWriters(ContentStore store, Staging staging)
    {
        _store = store;
        _staging = staging;
        _threads =
        [
            .. Enumerable
                .Range(0, Math.Min(Environment.ProcessorCount, 4))
                .Select(_ => new Thread(Work) { IsBackground = true }),
        ];
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
        Complete();
        ThrowIfFailed();
    }

    /// <summary>After a failure of the reader: lets the workers run dry before the staging directory goes.</summary>
    public void Dispose() => Complete();

    private void Complete()
    {
        lock (_queue)
        {
            _isComplete = true;
            Monitor.PulseAll(_queue);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
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
        lock (_queue)
        {
            while (_queue.Count == Capacity)
            {
                Monitor.Wait(_queue);
            }

            _queue.Enqueue(_batch);
            Monitor.Pulse(_queue);
        }

        (_batch, _batchBytes) = ([], 0);
    }

    /// <summary>The next batch; null where none will come any more.</summary>
    private List<PendingObject>? Take()
    {
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                if (_isComplete)
                {
                    return null;
                }

                Monitor.Wait(_queue);
            }

            List<PendingObject> batch = _queue.Dequeue();
            if (_queue.Count == Capacity / 2)
            {
                // For the reader, which alone can be waiting: a queue that was full has had a pulse for each worker.
                // Half empty, so that it is not woken for every batch.
                Monitor.Pulse(_queue);
            }

            return batch;
        }
    }

    private void Work()
    {
        while (Take() is { } batch)
        {
            foreach (PendingObject pending in batch)
            {
                Handle(pending);
            }
        }
    }

    private void Handle(PendingObject pending)
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
        _store.ReportWritten(pending.Content.Length);
        _staging.Add(key, staged, pending.Entry.Form);
    }
}
