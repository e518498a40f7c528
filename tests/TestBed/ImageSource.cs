// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.TestBed;

/// <summary>
/// A folder below tests/images: <c>from</c> (another of the images, or <c>scratch</c> for nothing; otherwise the common base), <c>packages</c> (Debian
/// packages, one a line), <c>files/</c> (copied to the image's root), <c>exports/</c> (copied to /exports), <c>build</c> (a
/// shell script run in the image at last), and <c>image.json</c> (what <c>umoci config --config.*</c> sets). All are optional.
/// </summary>
public sealed record ImageSource(string Name)
{
    private const string Scratch = "scratch";

    /// <summary>The images of the demo, in the order in which a host starts them.</summary>
    public static IReadOnlyList<ImageSource> Demo { get; } =
        [new("etcd"), new("flanneld"), new("docker"), new("httpd")];

    /// <summary>All folders below tests/images.</summary>
    public static IReadOnlyList<ImageSource> All { get; } =
    [
        .. Directory.GetDirectories(Workspace.Images).Order(StringComparer.Ordinal).Select(d => new ImageSource(Path.GetFileName(d))),
    ];

    /// <summary>Its folder.</summary>
    public string Folder => Path.Combine(Workspace.Images, Name);

    /// <summary>The image that this one is a layer on; null: the common base, or nothing.</summary>
    public ImageSource? From => ReadFrom() is { } from and not Scratch ? new ImageSource(from) : null;

    /// <summary>Whether it has nothing below its own files.</summary>
    public bool IsFromScratch => ReadFrom() == Scratch;

    /// <summary>The packages to install over the base.</summary>
    public string[] ReadPackages()
    {
        string list = Path.Combine(Folder, "packages");
        return File.Exists(list)
            ? [.. File.ReadAllLines(list).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#')]
            : [];
    }

    /// <summary>The arguments for <c>umoci config</c> that image.json asks for.</summary>
    public IEnumerable<string> ReadConfigArguments()
    {
        string path = Path.Combine(Folder, "image.json");
        if (!File.Exists(path))
        {
            yield break;
        }

        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(path));
        foreach (JsonProperty property in config.RootElement.EnumerateObject())
        {
            foreach (string value in Values(property.Value))
            {
                yield return $"--config.{property.Name.ToLowerInvariant()}={value}";
            }
        }
    }

    private string? ReadFrom()
    {
        string from = Path.Combine(Folder, "from");
        return File.Exists(from) ? File.ReadAllText(from).Trim() : null;
    }

    private static IEnumerable<string> Values(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().Select(e => e.GetString()!),
        JsonValueKind.Object => element.EnumerateObject().Select(p => $"{p.Name}={p.Value.GetString()}"),
        _ => [element.GetString()!],
    };
}
