// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using SystemContainers.TestBed;

namespace SystemContainers.Fuzz;

/// <summary>A document that ended in a way that it must not.</summary>
sealed record Fault(string Why, byte[] Document)
{
    /// <summary>Writes it to <c>artifacts/fuzz</c>; the file.</summary>
    public string Keep(string target)
    {
        string directory = Path.Combine(Workspace.Artifacts, "fuzz");
        Directory.CreateDirectory(directory);
        string file = Path.Combine(directory, $"{target}-{Convert.ToHexStringLower(SHA256.HashData(Document))[..12]}");
        File.WriteAllBytes(file, Document);
        return file;
    }
}
