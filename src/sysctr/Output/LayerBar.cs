// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Cli.Output;

/// <summary>One layer under way: <c>  a3ed95caeb02 [=======>        ] 12.3 MB/45.6 MB</c>.</summary>
sealed class LayerBar(Descriptor layer)
{
    private const int WidestBar = 40;

    public Descriptor Layer => layer;

    /// <summary>Compressed bytes that are here.</summary>
    public long Received { get; set; }

    /// <summary>The bar, no wider than the terminal.</summary>
    public string Text(int columns)
    {
        string head = $"  {layer.Digest.Short} ";
        string tail = $" {ByteSize.Text(Received)}/{ByteSize.Text(layer.Size)}";
        int width = Math.Min(WidestBar, columns - head.Length - tail.Length - "[]".Length - 1);
        if (width < 4)
        {
            return head + tail;
        }

        int filled = layer.Size == 0 ? width : (int)(width * Math.Min(Received, layer.Size) / layer.Size);
        string bar = filled == width ? new string('=', width) : (new string('=', filled) + ">").PadRight(width);
        return $"{head}[{bar}]{tail}";
    }
}
