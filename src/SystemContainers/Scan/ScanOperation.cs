// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.Mounts;
using SystemContainers.Target;

namespace SystemContainers.Scan;

/// <summary>
/// Hands the files of containers and images to scanners. The deployment itself is looked at, as it lies on the disk or
/// as a start mounts it; it stays until the scan has ended, whatever is updated and pruned beside it.
/// </summary>
sealed class ScanOperation(Host host)
{
    private const int MaxOutput = 16 << 20;
    private const int MaxComplaint = 4 << 10;

    private readonly MountCatalog _mounts = new(host.Target, host.Locks);

    /// <summary>Scans one tree.</summary>
    /// <param name="name">A container, or an image by name or ID, as it was typed.</param>
    /// <param name="kind">Which of the two; null for the one that there is.</param>
    /// <param name="cancellation">Ends the scanner, too.</param>
    /// <exception cref="SysctrException">Usage, NotFound: as <see cref="MountSource.Find"/>.</exception>
    public async Task<ScanReport> ScanAsync(
        string name,
        MountKind? kind,
        Scanner scanner,
        CancellationToken cancellation
    )
    {
        MountSource source = MountSource.Find(host, "scanning", name, kind);
        string view = ScratchDirectory.Create();
        try
        {
            using MountHold hold = _mounts.Hold(view, source, cancellation);
            SourceTree tree = source.Tree(hold.Place, cancellation);
            FileIdentity? before = FileIdentity.Find(tree.Path);
            long begin = Stopwatch.GetTimestamp();
            IReadOnlyList<string> command = scanner.CommandFor(
                view,
                source.Name,
                source.Image,
                source.ManifestDigest.ToString()
            );
            ScanReport report = await JudgeAsync(source, scanner, tree, view, command, cancellation) with
            {
                Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
            };

            // The last word is the directory's: what a scanner did not find because it went away is not clean.
            return before is not null && FileIdentity.Find(tree.Path) == before
                ? report
                : report with
                {
                    Verdict = ScanVerdict.Failed,
                    Error = "its files were removed meanwhile",
                };
        }
        finally
        {
            ScratchDirectory.Remove(view);
        }
    }

    private static Process Start(SourceTree tree, string view, IReadOnlyList<string> command)
    {
        try
        {
            return PrivateView.Start(
                tree,
                view,
                new ProcessStartInfo(command[0], command.Skip(1))
                {
                    UseShellExecute = false,
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    WorkingDirectory = "/",
                }
            );
        }
        catch (LinuxException e)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"showing {tree.Path} to {command[0]}: {e.Message}",
                "it needs Linux 5.12 and root",
                e
            );
        }
    }

    private static async Task<ScanReport> JudgeAsync(
        MountSource source,
        Scanner scanner,
        SourceTree tree,
        string view,
        IReadOnlyList<string> command,
        CancellationToken cancellation
    )
    {
        ScanReport report = new(source.Name, source.Image, source.ManifestDigest, scanner.Name, ScanVerdict.Failed, 0)
        {
            Deployment = source.Container?.Deployment,
        };
        Process process;
        try
        {
            process = Start(tree, view, command);
        }
        catch (SysctrException e)
        {
            // Of several one that is not there must not hide what the others find.
            return report with { Error = e.Message };
        }

        using Process running = process;
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(scanner.Timeout);
        process.StandardInput.Close();
        try
        {
            Task<string> complaint = BoundedOutput.EndAsync(process.StandardError.BaseStream, MaxComplaint, end.Token);
            string output = await BoundedOutput.AllAsync(process.StandardOutput.BaseStream, MaxOutput, end.Token);
            await process.WaitForExitAsync(end.Token);
            string error = Redact.Text((await complaint).Trim());
            string[] lines = output.Split('\n');
            JsonElement? results = Json(output);
            ScanVerdict? verdict = scanner.Judge(process.ExitCode, lines);
            return report with
            {
                Verdict = verdict ?? ScanVerdict.Failed,
                ExitStatus = process.ExitCode,
                Results = results,
                Output = results is null ? [.. lines.Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0)] : null,
                Error =
                    verdict is null
                        ? $"it ended with status {process.ExitCode}, which is neither 'clean' nor 'found'{(error.Length > 0 ? $": {error}" : "")}"
                    : error.Length > 0 ? error
                    : null,
            };
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return report with { Error = $"it did not end in {scanner.Timeout.TotalSeconds} s" };
        }
        catch (IOException e)
        {
            process.Kill(entireProcessTree: true);
            return report with { Error = e.Message };
        }
    }

    private static JsonElement? Json(string output)
    {
        if (output.AsSpan().TrimStart() is not ['{' or '[', ..])
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(output);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
