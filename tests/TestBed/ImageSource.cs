// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;

namespace SystemContainers.TestBed;

/// <summary>
/// A folder below tests/images: <c>from</c> (another of the images, or <c>scratch</c> for nothing; otherwise the common
/// base), <c>packages</c> (Debian packages, one a line), <c>files/</c> (copied to the image's root), <c>exports/</c>
/// (copied to /exports), <c>build</c> (a shell script run in the image at last), and <c>image.json</c> (what
/// <c>umoci config --config.*</c> sets, and <c>healthcheck</c> as Dockerfiles have it). All are optional.
/// </summary>
/// <param name="Name">Of its folder, and of its repository in the registry.</param>
/// <param name="Group">The folder of tests/images that its folder is in, or nothing: images of a group have a registry
/// of their own.</param>
public sealed record ImageSource(string Name, string Group = "")
{
    private const string Scratch = "scratch";

    /// <summary>Ordinary images in the shape of well-known ones, which docs/images.md is about.</summary>
    private const string OrdinaryGroup = "ordinary";

    private const string Health = "healthcheck";

    /// <summary>The images of the demo, in the order in which a host starts them.</summary>
    public static IReadOnlyList<ImageSource> Demo { get; } =
    [new("etcd"), new("flanneld"), new("docker"), new("httpd")];

    /// <summary>All folders below tests/images but groups, and of the ordinary ones that of README.md.</summary>
    public static IReadOnlyList<ImageSource> All { get; } =
    [.. FoldersIn("").Where(n => n != OrdinaryGroup).Select(n => new ImageSource(n)), new("nginx", OrdinaryGroup)];

    /// <summary>Those of docs/images.md: folders without an image.json are layers that these share.</summary>
    public static IReadOnlyList<ImageSource> Ordinary { get; } =
    [.. FoldersIn(OrdinaryGroup).Select(n => new ImageSource(n, OrdinaryGroup)).Where(i => File.Exists(i.ConfigFile))];

    /// <summary>Its folder.</summary>
    public string Folder => Path.Combine(Workspace.Images, Group, Name);

    /// <summary>The image that this one is a layer on; null: the common base, or nothing.</summary>
    public ImageSource? From => ReadFrom() is { } from and not Scratch ? this with { Name = from } : null;

    /// <summary>Its tags in the registry: those of a group have two versions, as published images have.</summary>
    public IReadOnlyList<string> Tags => Group.Length == 0 ? [ImageBuilder.Tag] : ["1", ImageBuilder.NextTag];

    private string ConfigFile => Path.Combine(Folder, "image.json");

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
        if (!File.Exists(ConfigFile))
        {
            yield break;
        }

        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(ConfigFile));
        foreach (JsonProperty property in config.RootElement.EnumerateObject().Where(p => p.Name != Health))
        {
            foreach (string value in Values(property.Value))
            {
                yield return $"--config.{property.Name.ToLowerInvariant()}={value}";
            }
        }
    }

    /// <summary>Its HEALTHCHECK as image configurations have it, where image.json has one: durations are nanoseconds
    /// there and seconds here.</summary>
    public JsonObject? ReadHealthcheck()
    {
        JsonNode? asked = File.Exists(ConfigFile) ? JsonNode.Parse(File.ReadAllText(ConfigFile))![Health] : null;
        if (asked is null)
        {
            return null;
        }

        JsonObject check = [];
        foreach ((string name, JsonNode? value) in asked.AsObject())
        {
            check[$"{char.ToUpperInvariant(name[0])}{name[1..]}"] =
                value!.GetValueKind() == JsonValueKind.Number
                    ? value.GetValue<long>() * 1_000_000_000
                    : value.DeepClone();
        }

        return check;
    }

    private static IEnumerable<string> FoldersIn(string group) =>
        Directory
            .GetDirectories(Path.Combine(Workspace.Images, group))
            .Select(d => Path.GetFileName(d))
            .Order(StringComparer.Ordinal);

    private string? ReadFrom()
    {
        string from = Path.Combine(Folder, "from");
        return File.Exists(from) ? File.ReadAllText(from).Trim() : null;
    }

    private static IEnumerable<string> Values(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Array => element.EnumerateArray().Select(e => e.GetString()!),
            JsonValueKind.Object => element.EnumerateObject().Select(p => $"{p.Name}={p.Value.GetString()}"),
            _ => [element.GetString()!],
        };
}
