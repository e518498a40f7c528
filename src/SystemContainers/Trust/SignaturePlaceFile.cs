// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Pull.Trust;

namespace SystemContainers.Trust;

/// <summary>
/// A file of registries.d that sysctr writes: <c>sysctr-SCOPE.yaml</c>, where the signatures of a scope are. A scope
/// may be in one file alone, so one that is in another's is left to whoever wrote that.
/// </summary>
/// <param name="directory">Of registries.d, as this process sees it.</param>
/// <param name="scope">Whose.</param>
sealed class SignaturePlaceFile(string directory, TrustScope scope)
{
    private string Name => $"sysctr-{(scope.Transport is null ? "default" : Uri.EscapeDataString(scope.Scope))}.yaml";

    private string File => Path.Join(directory, Name);

    /// <summary>Says where signatures are.</summary>
    /// <param name="known">What the files say now.</param>
    /// <param name="lookaside">A URL; null to say nothing of it.</param>
    /// <param name="attachments">Whether sigstore's in the registry are looked for.</param>
    /// <returns>The file; null where it is said already.</returns>
    /// <exception cref="SysctrException">Conflict: another file says something else of the scope; Usage: registries.d
    /// has no such scope.</exception>
    public string? Write(SignatureStorage known, string? lookaside, bool attachments)
    {
        if (lookaside is null && (!attachments || known.AttachmentsOf(scope.Scope)))
        {
            return null;
        }

        if (scope.Transport is not (null or "docker") || (scope.Transport is not null && scope.Scope.Length == 0))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"saying where signatures of {scope} are: registries.d has registries and what is in them alone",
                "write it for default, or for a registry"
            );
        }

        if (known.FileOf(scope.Scope) is { } other && Path.GetFileName(other) != Name)
        {
            string line = lookaside is null ? "use-sigstore-attachments: true" : $"lookaside: {lookaside}";
            throw new SysctrException(
                ErrorKind.Conflict,
                $"saying where signatures of {scope} are: {other} has it already",
                $"write '{line}' there"
            );
        }

        // What an earlier call said of it stays.
        if (known.FileOf(scope.Scope) is not null)
        {
            lookaside ??= known.LookasideOf(scope.Scope);
            attachments |= known.AttachmentsOf(scope.Scope);
        }

        StringBuilder text = new("# Written by 'sysctr trust set'; see containers-registries.d(5).\n");
        text.Append(scope.Transport is null ? "default-docker:\n" : $"docker:\n  {Quoted(scope.Scope)}:\n");
        string indent = scope.Transport is null ? "  " : "    ";
        if (lookaside is not null)
        {
            text.Append(indent).Append("lookaside: ").Append(Quoted(lookaside)).Append('\n');
        }

        if (attachments)
        {
            text.Append(indent).Append("use-sigstore-attachments: true\n");
        }

        Directory.CreateDirectory(directory);
        DurableFile.Write(
            File,
            Encoding.UTF8.GetBytes(text.ToString()),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead
        );
        return File;
    }

    /// <summary>Takes it away.</summary>
    /// <returns>The file; null where there is none of ours.</returns>
    public string? Remove()
    {
        if (scope.Transport is not (null or "docker") || !System.IO.File.Exists(File))
        {
            return null;
        }

        DurableFile.Delete(File);
        return File;
    }

    /// <summary>A scalar in quotation marks, which has no characters that mean something in YAML.</summary>
    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
