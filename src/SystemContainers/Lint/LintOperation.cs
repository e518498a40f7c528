// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Lint.Json;
using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Render.Spec;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Templates;
using SystemContainers.Tree;
using SystemContainers.Units;

namespace SystemContainers.Lint;

/// <summary>
/// Checks an image's /exports without installing: as far as an installation would go before it changes anything, then
/// further, and without stopping at the first fault.
/// </summary>
static class LintOperation
{
    private const string Exports = "/exports";

    private static readonly TextPosition s_start = new(1, 1);

    /// <summary>Checks a directory that is an image's root, or its sources: one that has <c>exports</c>. Needs no
    /// rights beyond reading it.</summary>
    /// <param name="directory">As it was typed.</param>
    /// <param name="labels">Those that the image will have, which no file of it tells.</param>
    /// <param name="cancellation">Ends the checks.</param>
    /// <exception cref="SysctrException">NotFound: there is no such directory.</exception>
    public static Task<IReadOnlyList<LintMessage>> DirectoryAsync(
        string directory,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellation
    )
    {
        string full = Path.GetFullPath(directory);
        string last = Path.GetFileName(full.TrimEnd('/'));
        // Its command is not known here; that it has one is assumed.
        ImageConfig image = new("", "linux", new ImageRootFs("layers", []))
        {
            Run = new ImageRunConfig { Entrypoint = ["/bin/true"], Labels = labels },
        };
        return RunAsync(
            new LintTarget(
                ContainerName.IsValid(last) ? last : "lint",
                full,
                DirectoryTree.Open(full),
                image,
                directory.TrimEnd('/')
            ),
            cancellation
        );
    }

    /// <summary>Checks an image; one that is not in the store is fetched to where it leaves no trace.</summary>
    /// <exception cref="SysctrException">It can't be fetched.</exception>
    public static async Task<IReadOnlyList<LintMessage>> ImageAsync(
        Host host,
        string typed,
        IPullProgress progress,
        CancellationToken cancellation
    )
    {
        using ScratchImages images = new(host, progress);
        WantedImage wanted = new(host.Registries, typed, PullPolicy.Missing);
        StoredImage image = await images.FetchAsync(wanted, cancellation);
        return await RunAsync(
            new LintTarget(
                wanted.NameFor(new InstallRequest(typed)),
                image.Record.Reference,
                MergedTree.Build(image.Store, image.Record.DiffIds),
                image.Config,
                Prefix: ""
            ),
            cancellation
        );
    }

    /// <summary>Runs every check that what was found so far leaves sense in.</summary>
    internal static async Task<IReadOnlyList<LintMessage>> RunAsync(LintTarget target, CancellationToken cancellation)
    {
        LintFindings findings = new(target.Prefix);
        if (target.Files.Find(Exports) is null)
        {
            findings.Note(Exports, s_start, "there is none: the default unit and configuration are used");
        }

        if (ReadExports(target, findings) is not { } exports)
        {
            return findings.Sorted;
        }

        ManifestCheck.Run(target.Files, exports, findings);
        RenderRequest request = LintRequest.Of(target, exports, UnsetVariables.Choose(target, exports, findings));
        LintedFiles files = LintedFiles.Render(request, findings);
        LocatedJson? config = files.Config is { } file ? ConfigCheck.Run(file, findings) : null;
        RenderedContainer? rendered = LintedFiles.HaveErrors(exports, findings)
            ? null
            : Render(request, files, findings);
        if (config is not null && rendered is not null)
        {
            MountCheck.Run(rendered, files, config, findings);
        }

        if (rendered is not null)
        {
            RightsCheck.Run(request, rendered, files, findings);
            if (rendered.Config?.Annotation(StartAnnotations.Log).Any() == true && LogPaths.Find(request) is { } why)
            {
                findings.Note(
                    why.Split(' ')[0],
                    s_start,
                    $"{why}: a FIFO and a cat(1) take its log to the journal while it runs; one that writes to its standard output needs neither"
                );
            }
        }

        // Without what an installation would add to them, where it would fail.
        (string, string)[] units = rendered is null
            ? [.. files.Units.Select(u => (u.Key, u.Value.Text))]
            : [.. rendered.Units.Select(u => (u.FileName, u.Text))];
        await UnitCheck.RunAsync(units, files, findings, cancellation);
        await HardeningCheck.RunAsync(units, files, findings, cancellation);
        return findings.Sorted;
    }

    private static ImageExports? ReadExports(LintTarget target, LintFindings findings)
    {
        ExportsCheck.Run(target.Files, findings);
        if (findings.HasErrors)
        {
            return null;
        }

        try
        {
            return ImageExports.Read(target.Files, target.Image.Run);
        }
        catch (SysctrException e)
        {
            findings.Refused(e, Exports);
            return null;
        }
    }

    /// <summary>All that an installation would render, with what it would add.</summary>
    private static RenderedContainer? Render(RenderRequest request, LintedFiles files, LintFindings findings)
    {
        try
        {
            UnitPlan plan = LintRequest.Plan(request);
            return plan.Adapt(
                ContainerRenderer.Render(request),
                request.Files,
                request.Host,
                ToolPaths.ListenHelper,
                Path.Join(request.DestinationDirectory, "rootfs")
            );
        }
        catch (SysctrException e)
        {
            findings.Refused(e, files.Config?.Path ?? Exports, files.Config?.Lines);
            return null;
        }
    }
}
