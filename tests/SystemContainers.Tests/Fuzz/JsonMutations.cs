// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;

namespace SystemContainers.Tests.Fuzz;

/// <summary>
/// What becomes of a valid document when each of its values in turn is null, missing, there twice or of another type,
/// when a text in it is not Unicode, and when it ends early. The same for every run.
/// </summary>
static class JsonMutations
{
    // Half a surrogate pair is JSON, and no text; 1e999 is a number, and none that anything holds.
    private static readonly string[] s_values =
    [
        "null",
        "true",
        "7",
        "-1",
        "1.5",
        "1e999",
        "99999999999999999999999",
        "\"\"",
        "\"x\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"a\\nb\"",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        "[\"x\", 7]",
        "{\"\": null}",
        "{\"x\": \"y\"}",
    ];

    /// <summary>Each with what was done, for messages.</summary>
    /// <param name="valid">The document.</param>
    /// <param name="share">Of a large one each value becomes null, missing and doubled, but only one of so many of the
    /// others.</param>
    public static IEnumerable<(string What, byte[] Document)> Of(string valid, int share = 1)
    {
        yield return ("nothing", Encoding.UTF8.GetBytes(valid));
        foreach (string whole in s_values)
        {
            yield return ($"{whole} instead of all", Encoding.UTF8.GetBytes(whole));
        }

        JsonNode root = JsonNode.Parse(valid)!;
        string[] paths = [.. Paths(root, [])];
        foreach (string path in paths)
        {
            foreach (
                string value in s_values.Where((v, n) => v == "null" || (n + Array.IndexOf(paths, path)) % share == 0)
            )
            {
                yield return ($"{path} = {value}", Encoding.UTF8.GetBytes(Print(root, path, value)));
            }

            yield return ($"{path} is missing", Encoding.UTF8.GetBytes(Print(root, path, replacement: null)));
            yield return ($"{path} is there twice", Encoding.UTF8.GetBytes(Print(root, path, replacement: "twice")));
        }

        byte[] bytes = Encoding.UTF8.GetBytes(valid);
        int step = Math.Max(1, bytes.Length * share / 100);
        for (int end = 0; end < bytes.Length; end += step)
        {
            yield return ($"cut at {end}", bytes[..end]);
            byte[] broken = [.. bytes];
            broken[end] = 0xff;
            yield return ($"0xff at {end}", broken);
        }

        yield return ("nested deeply", Encoding.UTF8.GetBytes(new string('[', 2000) + new string(']', 2000)));
        yield return ("with a byte order mark", [0xef, 0xbb, 0xbf, .. bytes]);
    }

    /// <summary>Every value below the root, by the numbers of its members and items: <c>0.2.1</c>.</summary>
    private static IEnumerable<string> Paths(JsonNode? node, int[] here)
    {
        JsonNode?[] children = Children(node);
        for (int i = 0; i < children.Length; i++)
        {
            int[] path = [.. here, i];
            yield return string.Join('.', path);
            foreach (string below in Paths(children[i], path))
            {
                yield return below;
            }
        }
    }

    private static JsonNode?[] Children(JsonNode? node) =>
        node switch
        {
            JsonObject o => [.. o.Select(m => m.Value)],
            JsonArray a => [.. a],
            _ => [],
        };

    /// <summary>Writes the document with one value replaced, left out (null) or there <c>twice</c>; by hand, for a
    /// serializer would not.</summary>
    private static string Print(JsonNode? node, string path, string? replacement, string here = "")
    {
        string At(int i) => here.Length == 0 ? $"{i}" : $"{here}.{i}";
        IEnumerable<string> Parts(IEnumerable<(string Name, JsonNode? Value)> all) =>
            all.SelectMany(
                (m, i) =>
                    At(i) != path
                        ? [m.Name + Print(m.Value, path, replacement, At(i))]
                        : replacement switch
                        {
                            null => Array.Empty<string>(),
                            "twice" => [m.Name + (m.Value?.ToJsonString() ?? "null"), m.Name + "null"],
                            _ => [m.Name + replacement],
                        }
            );

        return node switch
        {
            JsonObject o => "{"
                + string.Join(", ", Parts(o.Select(m => (JsonValue.Create(m.Key).ToJsonString() + ": ", m.Value))))
                + "}",
            JsonArray a => "[" + string.Join(", ", Parts(a.Select(v => ("", v)))) + "]",
            _ => node?.ToJsonString() ?? "null",
        };
    }
}
