using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Reference;

namespace SystemContainers.Cli;

/// <summary>A pull on the terminal: a bar for each layer that is being fetched; elsewhere one plain line for each that is done.</summary>
sealed class PullProgressView(Terminal terminal) : IPullProgress, IDisposable
{
    /// <summary>Redraws a second; more is only flicker and bytes on a slow line.</summary>
    private const int FramesPerSecond = 10;

    private readonly Lock _lock = new();
    private readonly List<LayerBar> _bars = [];
    private long _drawnAt;
    private int _drawnLines;

    public void Trying(ImageReference reference) => Say($"pulling {reference}");

    public void Found(ImageReference reference, Digest manifest, int layers)
    {
    }

    public void LayerExists(Descriptor layer) => Say($"  {layer.Digest.Short} already in the store");

    public void LayerStarted(Descriptor layer)
    {
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

        Say($"  {layer.Digest.Short} {LayerBar.Megabytes(layer.Size)} MB");
    }

    public void Retrying(string why) => Say($"  {why}");

    /// <summary>Takes the bars away, so that other lines may follow.</summary>
    public void Finish()
    {
        lock (_lock)
        {
            Erase();
            _bars.Clear();
        }
    }

    public void Dispose() => Finish();

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
        terminal.Draw(_bars.Select(bar => (Func<int, string>)bar.Text));
        _drawnLines = _bars.Count;
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
