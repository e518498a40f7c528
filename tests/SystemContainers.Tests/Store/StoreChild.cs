// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Runtime.CompilerServices;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tests.Fakes;

namespace SystemContainers.Tests.Store;

/// <summary>Another process that works on a store: this program again, told by its environment to be one.</summary>
static class StoreChild
{
    private const string Variable = "SYSCTR_STORE_CHILD";

    /// <summary>Layers with many small files of which a third is in all of them.</summary>
    public static byte[] Layer(int seed)
    {
        LayerTar tar = new LayerTar().Dir("d");
        for (int i = 0; i < 300; i++)
        {
            tar.File($"d/{i}", $"content {i} of {(i % 3 == 0 ? "all" : seed)}");
        }

        return tar.File("d/large", new string((char)('a' + seed), 400_000)).ToBytes();
    }

    /// <summary>Starts a child that adds the layers of the seeds; with <c>hang</c> it stops in the middle of the last,
    /// with <c>convert</c> it converts the layer.</summary>
    public static Process Start(string root, params string[] arguments) => Start(root, null, arguments);

    /// <summary>The same with a step that breaks.</summary>
    public static Process Start(string root, string? fault, string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["SYSCTR_FAULT"] = fault;
        start.Environment[Variable] = string.Join(' ', [root, .. arguments]);
        return Process.Start(start)!;
    }

    [ModuleInitializer]
    public static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ') is not [{ } root, .. { } arguments])
        {
            return;
        }

        using (ContentStore store = ContentStore.Open(root))
        {
            foreach (string argument in arguments)
            {
                if (argument.StartsWith("convert", StringComparison.Ordinal))
                {
                    store.Convert(Digest.Sha256(Layer(int.Parse(argument["convert".Length..]))), ObjectForm.Content);
                    continue;
                }

                bool hang = argument.StartsWith("hang", StringComparison.Ordinal);
                byte[] layer = Layer(int.Parse(argument.Replace("hang", "", StringComparison.Ordinal)));
                Stream stream = hang ? new HangingStream(layer, layer.Length / 2) : new MemoryStream(layer);
                store.AddLayerAsync(Digest.Sha256(layer), stream, CancellationToken.None).GetAwaiter().GetResult();
            }

            store.Commit();
        }

        Environment.Exit(0);
    }

    private sealed class HangingStream(byte[] bytes, int until) : MemoryStream(bytes)
    {
        // A derived MemoryStream leads reads of spans here, too.
        public override int Read(byte[] buffer, int offset, int count)
        {
            if (Position >= until)
            {
                Console.WriteLine("in the middle");
                Thread.Sleep(Timeout.Infinite);
            }

            return base.Read(buffer, offset, (int)Math.Min(count, Math.Min(until - Position, 4096)));
        }
    }
}
