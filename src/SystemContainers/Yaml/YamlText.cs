// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SystemContainers.Yaml;

/// <summary>
/// Reads a YAML document into values with their lines: anchors and aliases, and merge keys (<c>&lt;&lt;</c>,
/// yaml.org/type/merge.html). How much aliases may make of a document is limited.
/// </summary>
static class YamlText
{
    private const int MaxDepth = 64;

    /// <summary>A compose file of a hundred services has some thousand.</summary>
    private const int MaxNodes = 100_000;

    private const string Merge = "<<";

    /// <summary>Reads the only document of a text.</summary>
    /// <param name="text">The document.</param>
    /// <param name="tags">Tags of its own that it may have, such as <c>!reset</c>; null for none.</param>
    /// <returns>Null for an empty one.</returns>
    /// <exception cref="SysctrException">Usage: it is no YAML, more than one document, has a key twice, or exceeds a
    /// limit; names file and line.</exception>
    public static YamlNode? Parse(YamlSource source, string text, IReadOnlyCollection<string>? tags = null)
    {
        try
        {
            using StringReader reader = new(text);
            Composer composer = new(source, new Parser(reader), tags ?? []);
            return composer.Document();
        }
        catch (YamlException e)
        {
            throw Fault(source, e.Start, e.Message);
        }
    }

    private static SysctrException Fault(YamlSource source, Mark at, string why) =>
        new(
            ErrorKind.Usage,
            string.Create(CultureInfo.InvariantCulture, $"reading {source.Shown}:{at.Line}: {OneLine.Of(why)}"),
            "it has to be a YAML document"
        );

    private sealed class Composer(YamlSource source, Parser parser, IReadOnlyCollection<string> tags)
    {
        private readonly Dictionary<AnchorName, YamlNode> _anchors = [];
        private long _nodes;

        public YamlNode? Document()
        {
            Next();
            Next();
            if (parser.Current is not DocumentStart)
            {
                return null;
            }

            Next();
            YamlNode root = Node(0);
            return Next() && parser.Current is DocumentStart more
                ? throw Fault(source, more.Start, "a second document begins")
                : root;
        }

        /// <summary>The node that begins at the current event; the event behind it is current then.</summary>
        private YamlNode Node(int depth)
        {
            ParsingEvent begin = parser.Current!;
            int line = (int)begin.Start.Line;
            if (depth > MaxDepth)
            {
                throw Fault(source, begin.Start, $"it is nested deeper than {MaxDepth}");
            }

            if (begin is AnchorAlias alias)
            {
                Next();
                return Counted(
                    _anchors.GetValueOrDefault(alias.Value)
                        ?? throw Fault(source, begin.Start, $"nothing before it has the anchor {alias.Value}"),
                    begin.Start
                );
            }

            if (begin is not NodeEvent node)
            {
                throw Fault(source, begin.Start, "a value is missing");
            }

            string? tag =
                !node.Tag.IsEmpty && !node.Tag.IsNonSpecific && node.Tag.Value is ['!', ..] ? node.Tag.Value : null;
            if (tag is not null && !tags.Contains(tag))
            {
                throw Fault(source, begin.Start, $"the tag {tag} is not known here");
            }

            Next();
            YamlNode made = node switch
            {
                Scalar scalar => new YamlScalar(source, line, scalar.Value, scalar.Style == ScalarStyle.Plain),
                SequenceStart => List(line, depth),
                _ => Map(line, depth),
            };
            if (tag is not null)
            {
                made = made with { Tag = tag };
            }

            if (!node.Anchor.IsEmpty)
            {
                _anchors[node.Anchor] = made;
            }

            return made is YamlScalar ? Counted(made, begin.Start) : made;
        }

        /// <summary>The library fails of some documents that are none in words of its own.</summary>
        private bool Next()
        {
            try
            {
                return parser.MoveNext();
            }
            catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
            {
                throw Fault(source, parser.Current?.End ?? Mark.Empty, "what stands here is no YAML");
            }
        }

        private YamlNode Counted(YamlNode node, Mark at) =>
            (_nodes += node.Size) <= MaxNodes ? node : throw Fault(source, at, $"it has more than {MaxNodes} values");

        private YamlList List(int line, int depth)
        {
            List<YamlNode> items = [];
            while (parser.Current is not SequenceEnd)
            {
                items.Add(Node(depth + 1));
            }

            Next();
            return new YamlList(source, line, items);
        }

        private YamlMap Map(int line, int depth)
        {
            List<(YamlScalar Key, YamlNode Value)> entries = [];
            List<YamlMap> merged = [];
            HashSet<string> keys = new(StringComparer.Ordinal);
            while (parser.Current is not MappingEnd)
            {
                Mark at = parser.Current!.Start;
                if (Node(depth + 1) is not YamlScalar key)
                {
                    throw Fault(source, at, "a key is a string");
                }

                YamlNode value = Node(depth + 1);
                if (key is { Text: Merge, IsPlain: true })
                {
                    merged.AddRange(
                        value switch
                        {
                            YamlMap map => [map],
                            YamlList list when list.Items.All(i => i is YamlMap) => list.Items.Cast<YamlMap>(),
                            _ => throw Fault(source, at, "<< takes a mapping, or an array of mappings"),
                        }
                    );
                }
                else if (keys.Add(key.Text))
                {
                    entries.Add((key, value));
                }
                else
                {
                    throw Fault(source, at, $"the key {key.Text} is there twice");
                }
            }

            Next();

            // What stands there itself counts before what is merged, and of that the first.
            foreach (
                (YamlScalar key, YamlNode value) in merged.SelectMany(m => m.Entries).Where(e => keys.Add(e.Key.Text))
            )
            {
                entries.Add((key, value));
            }

            return new YamlMap(source, line, entries);
        }
    }
}
