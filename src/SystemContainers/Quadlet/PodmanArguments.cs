// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Settings;

namespace SystemContainers.Quadlet;

/// <summary>PodmanArgs=: words of podman-run(1)'s command line, of which those are taken that are options of ours.</summary>
static class PodmanArguments
{
    /// <summary>The key.</summary>
    public const string Key = "PodmanArgs";

    /// <summary>Reads them.</summary>
    public static void Read(ContainerReader reader, IReadOnlyList<QuadletValue> words)
    {
        for (int i = 0; i < words.Count; i++)
        {
            QuadletValue word = words[i];
            string text = word.Text;
            if (word.IsOpen && text is not ['-', ..])
            {
                // What it is nobody knows: options, or nothing.
                continue;
            }

            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string name = text.StartsWith("--", StringComparison.Ordinal) ? text[2..(equals < 0 ? text.Length : equals)]
                : text is ['-', var letter, ..] ? SettingOptions.InOrder.FirstOrDefault(o => o.Letter == letter)?.Name ?? "" : "";
            if (SettingOptions.Find(name) is null)
            {
                reader.Fault(
                    word.Place, $"PodmanArgs=: {(name.Length > 0 ? "--" + name : $"'{text}'")} has no counterpart among the options of 'sysctr install'",
                    "leave it out, or say what it is for by other keys");

                // Its value is none of the next options.
                i += i + 1 < words.Count && words[i + 1].Text is not ['-', ..] && equals < 0 ? 1 : 0;
                continue;
            }

            if (word.IsOpen || (equals < 0 && i + 1 < words.Count && words[i + 1].IsOpen))
            {
                i += equals < 0 && SettingOptions.Find(name) is { IsFlag: false } ? 1 : 0;
                continue;
            }

            bool isLong = text.StartsWith("--", StringComparison.Ordinal);
            if (isLong && equals > 0)
            {
                reader.Add(name, text[(equals + 1)..], word.Place, "PodmanArgs");
            }
            else if (!isLong && text.Length > 2)
            {
                reader.Add(name, text[2] == '=' ? text[3..] : text[2..], word.Place, "PodmanArgs");
            }
            else if (SettingOptions.Find(name) is { IsFlag: true })
            {
                reader.Add(name, "true", word.Place, "PodmanArgs");
            }
            else if (++i < words.Count)
            {
                reader.Add(name, words[i].Text, word.Place, "PodmanArgs");
            }
            else
            {
                reader.Fault(word.Place, $"PodmanArgs=: --{name} has no value", null);
            }
        }
    }
}
