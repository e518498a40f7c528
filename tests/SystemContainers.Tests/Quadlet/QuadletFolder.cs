// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;

namespace SystemContainers.Tests.Quadlet;

/// <summary>Files in a directory of their own, read as apply reads them.</summary>
public sealed class QuadletFolder : IDisposable
{
    /// <summary>Where they are.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("sysctr-quadlet-").FullName;

    public void Write(string name, string text)
    {
        string file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    internal QuadletSet Read(QuadletHost? host = null)
    {
        QuadletFaults faults = new();
        return QuadletSet.Read(
            QuadletFiles.Read([Path], f => new FileInfo(f).ResolveLinkTarget(true)?.FullName ?? f, faults),
            host ?? new QuadletHost(),
            faults
        );
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
