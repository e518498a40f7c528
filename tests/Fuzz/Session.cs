// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Tests.Fuzz.Targets;

namespace SystemContainers.Fuzz;

/// <summary>Documents for one target: those that reach new code are kept and changed further. The same seed gives the
/// same documents.</summary>
sealed class Session : IDisposable
{
    /// <summary>No document of this size takes a second; one that does not end has to be found all the same.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    private readonly FuzzTarget _target;
    private readonly Random _random;
    private readonly Mutator _mutator;
    private readonly Coverage _coverage = new();
    private readonly List<byte[]> _corpus;
    private readonly Timer _watch;
    private byte[] _current = [];

    public Session(FuzzTarget target, int seed)
    {
        _target = target;
        _random = new Random(seed);
        _mutator = new Mutator(_random);
        _corpus = [.. target.Seeds];
        _watch = new Timer(_ => GiveUp());
    }

    /// <summary>Documents so far.</summary>
    public long Runs { get; private set; }

    /// <summary>Documents that are changed further.</summary>
    public int Corpus => _corpus.Count;

    /// <summary>Edges of the code that were gone.</summary>
    public int Edges => _coverage.Edges;

    /// <summary>So many documents.</summary>
    /// <returns>The first that ended badly; null for none.</returns>
    public Fault? Run(long documents) => Run(() => Runs < documents);

    /// <summary>As many as there is time for.</summary>
    /// <returns>The first that ended badly; null for none.</returns>
    public Fault? Run(TimeSpan time)
    {
        long began = Stopwatch.GetTimestamp();
        return Run(() => Stopwatch.GetElapsedTime(began) < time);
    }

    public void Dispose() => _watch.Dispose();

    private Fault? Run(Func<bool> goOn)
    {
        foreach (byte[] seed in _target.Seeds)
        {
            if (Judge(seed) is { } wrong)
            {
                return new Fault(wrong, seed);
            }

            _coverage.Take();
        }

        while (goOn())
        {
            byte[] document = _mutator.Change(
                _corpus[_random.Next(_corpus.Count)],
                _corpus[_random.Next(_corpus.Count)]
            );
            _target.Mend(document);
            if (Judge(document) is { } wrong)
            {
                return new Fault(wrong, document);
            }

            if (_coverage.Take())
            {
                _corpus.Add(document);
            }
        }

        return null;
    }

    private string? Judge(byte[] document)
    {
        _current = document;
        _watch.Change(s_longest, Timeout.InfiniteTimeSpan);
        Coverage.Reset();
        Runs++;
        try
        {
            return _target.Judge(document);
        }
        finally
        {
            _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void GiveUp()
    {
        Console.WriteLine($"{_target.Name}: not done after {s_longest}: {new Fault("", _current).Keep(_target.Name)}");
        Environment.Exit(1);
    }
}
