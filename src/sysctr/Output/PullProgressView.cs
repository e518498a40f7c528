// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Cli.Output;

/// <summary>
/// A pull and a checkout on the terminal: a bar for each layer that is being fetched, and one for the checkout;
/// elsewhere one plain line for each layer that is done. Where nothing is fetched nothing is said.
/// </summary>
/// <param name="terminal">Where it is told.</param>
/// <param name="verb">What is being done with the images.</param>
sealed class PullProgressView(Terminal terminal, string verb = "pulling") : IPullProgress, IDisposable
{
    /// <summary>Redraws a second; more is only flicker and bytes on a slow line.</summary>
    private const int FramesPerSecond = 10;

    private readonly Lock _lock = new();
    private readonly List<LayerBar> _bars = [];
    private string? _asked;
    private string? _doing;
    private long _drawnAt;
    private int _drawnLines;

    public void Trying(ImageReference reference)
    {
        lock (_lock)
        {
            _asked = reference.ToString();
            _doing = $"  asking for {_asked}";
            Draw(force: true);
        }
    }

    public void Found(ImageReference reference, Digest manifest, int layers)
    {
        lock (_lock)
        {
            _doing = null;
            Draw(force: true);
        }
    }

    public void LayerExists(Descriptor layer) { }

    public void LayerStarted(Descriptor layer)
    {
        SayWhatIsPulled();
        lock (_lock)
        {
            _bars.Add(new LayerBar(layer));
            Draw(force: true);
        }
    }

    public void LayerBytes(Descriptor layer, long received)
    {
        lock (_lock)
        {
            if (_bars.Find(b => b.Layer == layer) is { } bar)
            {
                bar.Received = received;
                Draw(force: false);
            }
        }
    }

    public void LayerDone(Descriptor layer)
    {
        lock (_lock)
        {
            _bars.RemoveAll(b => b.Layer == layer);
        }

        Say($"  {layer.Digest.Short} {ByteSize.Text(layer.Size)}");
    }

    public void CheckingOut(string container, int done, int total)
    {
        lock (_lock)
        {
            _doing = done == total ? null : $"  checking out {container}: {done} of {total} files";
            Draw(force: done == total);
        }
    }

    public void Retrying(string why)
    {
        SayWhatIsPulled();
        Say($"  {why}");
    }

    /// <summary>Takes the bars away, so that other lines may follow.</summary>
    public void Finish()
    {
        lock (_lock)
        {
            Erase();
            _bars.Clear();
            _doing = null;
        }
    }

    public void Dispose() => Finish();

    /// <summary>Before the first line that is about it, once.</summary>
    private void SayWhatIsPulled()
    {
        if (Interlocked.Exchange(ref _asked, null) is { } asked)
        {
            Say($"{verb} {asked}");
        }
    }

    private void Say(string line)
    {
        lock (_lock)
        {
            Erase();
            terminal.Note(line);
            Draw(force: true);
        }
    }

    private void Draw(bool force)
    {
        if (!terminal.Interactive || (!force && Environment.TickCount64 - _drawnAt < 1000 / FramesPerSecond))
        {
            return;
        }

        Erase();
        Func<int, string>[] lines =
        [
            .. _bars.Select(bar => (Func<int, string>)bar.Text),
            .. _doing is { } doing
                ? [columns => doing.Length < columns ? doing : doing[..Math.Max(columns - 1, 0)]]
                : (Func<int, string>[])[],
        ];
        terminal.Draw(lines);
        _drawnLines = lines.Length;
        _drawnAt = Environment.TickCount64;
    }

    private void Erase()
    {
        if (_drawnLines > 0)
        {
            terminal.Erase(_drawnLines);
            _drawnLines = 0;
        }
    }
}
