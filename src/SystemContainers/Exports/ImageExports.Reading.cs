// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Exports;

sealed partial record ImageExports
{
    private const string Directory = "/exports";
    private const string HostFilesDirectory = Directory + "/hostfs";
    private const int MaxUnits = 64;
    private const int MaxHostFiles = 10_000;

    /// <summary>Deeper trees than this are made to exhaust whoever walks them.</summary>
    private const int MaxHostDepth = 64;

    private static readonly UTF8Encoding s_strictUtf8 = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    /// <param name="run">The image's execution parameters, whose labels and HEALTHCHECK count too; null where there are
    /// none.</param>
    /// <exception cref="SysctrException">Template: a file can't be used; Unsafe: one exceeds a limit or leaves its
    /// tree.</exception>
    public static ImageExports Read(IImageFiles files, ImageRunConfig? run = null)
    {
        ExportManifest manifest = Text(files, "manifest.json") is { } text
            ? ExportManifest.Read($"{Directory}/manifest.json", text)
            : ExportManifest.Empty;
        files = new CountedFiles(files);
        bool service = !manifest.NoContainerService;
        IReadOnlyList<ExportUnit> units = service ? UnitNaming.Name(UnitFiles(files)) : [];
        ExportFile? config = service ? First(files, "config.json.sbn", "config.json", "config.json.template") : null;
        if (config is not null && IsEmptyObject().IsMatch(config.Text))
        {
            // Published images have it to say that they leave everything to the tool.
            config = null;
        }

        ExportFile? tmpfiles = First(files, "tmpfiles.sbn", "tmpfiles.template");
        List<ExportHostFile> hostFiles = HostTree(files, manifest);
        ImageHealth health = ImageHealth.Read(manifest.Health, run);
        SortedSet<string> variables = new(StringComparer.Ordinal);
        IEnumerable<ExportFile?> templates =
        [
            .. units.Select(u => u.File),
            config,
            tmpfiles,
            .. hostFiles.Select(f => f.Template),
            .. Renames(manifest),
            .. health.Texts,
        ];
        foreach (ExportFile? template in templates)
        {
            variables.UnionWith(template?.Variables ?? []);
        }

        return new ImageExports
        {
            IsOrdinary = files.FindNoFollow(Directory) is null,
            Manifest = manifest,
            Units = units,
            Config = config,
            Tmpfiles = tmpfiles,
            HostFiles = hostFiles,
            Health = health,
            Variables = [.. variables],
        };
    }

    /// <summary>Reads one regular file below /exports as a template.</summary>
    /// <exception cref="SysctrException">As <see cref="Read"/>.</exception>
    public static ExportFile ReadTemplate(IImageFiles files, ImageFile file, TemplateKind kind) =>
        TemplateText.Read(file.Path, kind, Text(files, file.Path, file));

    /// <summary>The new names of renameFiles as the templates that they are.</summary>
    private static IEnumerable<ExportFile> Renames(ExportManifest manifest) =>
        manifest.RenameFiles.Values.Select(to =>
            TemplateText.Read($"{Directory}/manifest.json (renameFiles)", TemplateKind.Legacy, to)
        );

    private static List<UnitNaming.Candidate> UnitFiles(IImageFiles files)
    {
        List<UnitNaming.Candidate> found = [];
        foreach (string name in files.List(Directory))
        {
            (TemplateKind kind, string rest) = Language(name);
            if (
                !UnitNaming.TrySplit(rest, out string stem, out string suffix)
                || files.Find($"{Directory}/{name}") is null
            )
            {
                continue;
            }

            if (found.Count == MaxUnits)
            {
                throw TemplateErrors.Unsafe(Directory, $"it has more than {MaxUnits} units");
            }

            found.Add(new UnitNaming.Candidate(Template(files, name, kind)!, stem, suffix));
        }

        // Beside its service.template an image of the old tool may have services that nobody installs: examples,
        // leftovers.
        bool hasLegacyMain = found.Exists(u => u is { Stem: "", Kind: "service", File.Kind: TemplateKind.Legacy });
        return hasLegacyMain ? found.FindAll(u => u is not { Kind: "service", File.Kind: TemplateKind.Plain }) : found;
    }

    /// <summary>The language of a file of /exports, and its name without the ending that tells it.</summary>
    public static (TemplateKind Kind, string Name) Language(string name) =>
        name.EndsWith(".sbn", StringComparison.Ordinal) ? (TemplateKind.Scriban, name[..^".sbn".Length])
        : name.EndsWith(".template", StringComparison.Ordinal) ? (TemplateKind.Legacy, name[..^".template".Length])
        : (TemplateKind.Plain, name);

    private static ExportFile? First(IImageFiles files, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Template(files, name, Language(name).Kind) is { } template)
            {
                return template;
            }
        }

        return null;
    }

    private static ExportFile? Template(IImageFiles files, string name, TemplateKind kind) =>
        Text(files, name) is { } text ? TemplateText.Read($"{Directory}/{name}", kind, text) : null;

    /// <summary>A file of /exports; null where there is none.</summary>
    private static string? Text(IImageFiles files, string name) =>
        files.Find($"{Directory}/{name}") is { } file ? Text(files, $"{Directory}/{name}", file) : null;

    private static string Text(IImageFiles files, string path, ImageFile file)
    {
        if (file.Kind != ImageFileKind.Regular)
        {
            throw TemplateErrors.At(path, "it has to be a regular file");
        }

        // Said here too, because a reader may only say that its own limit was passed.
        if (file.Size > OciLimits.MaxTemplateBytes)
        {
            throw TemplateErrors.Unsafe(
                path,
                $"it has {file.Size} bytes, more than the {OciLimits.MaxTemplateBytes} that are allowed"
            );
        }

        try
        {
            string text = s_strictUtf8.GetString(files.Read(file, OciLimits.MaxTemplateBytes));
            int nul = text.IndexOf('\0', StringComparison.Ordinal);
            // Editors of some systems put a byte order mark in front, which is no part of the text.
            return nul < 0
                ? text.TrimStart('\ufeff')
                : throw TemplateErrors.At(
                    TextPosition.Of(text, nul).In(path),
                    "it has a NUL character, so it is no text file"
                );
        }
        catch (DecoderFallbackException e)
        {
            throw TemplateErrors.At(path, $"it is not UTF-8: the byte at {e.Index} does not belong there", inner: e);
        }
    }

    /// <summary>Whether a link in /exports leads to somewhere in the image, wherever that is unpacked; the old tool
    /// followed it there.</summary>
    private static bool StaysInside(string target)
    {
        int depth = HostPath.Parts(Directory).Length;
        return !target.StartsWith('/') && HostPath.Parts(target).All(part => (depth += part == ".." ? -1 : 1) >= 0);
    }

    [GeneratedRegex(@"^\s*\{\s*\}\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex IsEmptyObject();

    private static List<ExportHostFile> HostTree(IImageFiles files, ExportManifest manifest)
    {
        List<ExportHostFile> found = [];
        switch (files.FindNoFollow(HostFilesDirectory))
        {
            case null:
                return found;
            case { Kind: ImageFileKind.Directory }:
            case { Kind: ImageFileKind.Symlink, LinkTarget: { } target }
                when StaysInside(target) && files.Find(HostFilesDirectory)?.Kind == ImageFileKind.Directory:
                Walk("", 0);
                return found;
            default:
                throw TemplateErrors.Unsafe(HostFilesDirectory, "it has to be a directory");
        }

        void Walk(string below, int depth)
        {
            if (depth > MaxHostDepth)
            {
                throw TemplateErrors.Unsafe(
                    HostFilesDirectory + below,
                    $"it is more than {MaxHostDepth} directories deep"
                );
            }

            foreach (string name in files.List(HostFilesDirectory + below))
            {
                string path = $"{below}/{name}";
                string source = HostFilesDirectory + path;
                if (name is "." or ".." || name.Contains('/', StringComparison.Ordinal))
                {
                    throw TemplateErrors.Unsafe(HostFilesDirectory + below, $"it has an entry called '{name}'");
                }

                if (found.Count == MaxHostFiles)
                {
                    throw TemplateErrors.Unsafe(HostFilesDirectory, $"it has more than {MaxHostFiles} entries");
                }

                // Links are never followed here: one that is a directory would give the same files at a second place.
                ImageFile file =
                    files.FindNoFollow(source) ?? throw TemplateErrors.Unsafe(source, "it is listed but not there");
                found.Add(new ExportHostFile(file with { Path = source }, path, HostTemplate(source, path, file)));
                if (file.Kind == ImageFileKind.Directory)
                {
                    Walk(path, depth + 1);
                }
            }
        }

        ExportFile? HostTemplate(string source, string path, ImageFile file) =>
            file.Kind switch
            {
                ImageFileKind.Special => throw TemplateErrors.Unsafe(
                    source,
                    "devices, sockets and pipes are not installed on the host"
                ),
                ImageFileKind.Symlink when file.LinkTarget is null => throw TemplateErrors.Unsafe(
                    source,
                    "its link target is not UTF-8"
                ),
                ImageFileKind.Regular when manifest.InstalledFilesTemplate.Contains(path) => ReadTemplate(
                    files,
                    file with
                    {
                        Path = source,
                    },
                    TemplateKind.Legacy
                ),
                _ => null,
            };
    }
}
