// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Templates;
using Xunit;

namespace SystemContainers.Tests.Templates;

/// <summary>
/// Our substitution against Python's own string.Template, which published images were written for: the text, the kind
/// of error, its place, and which variables a template mentions.
/// </summary>
[Trait("needs", "programs")]
public sealed class LegacyTemplateDifferentialTests
{
    private const int Count = 20_000;

    /// <summary>A line of JSON in, a line of JSON out.</summary>
    private const string Oracle = """
        import json, re, string, sys
        def identifiers(template):
            try:
                names = template.get_identifiers() if template.is_valid() else None
            except ValueError:
                names = None
            return "?" if names is None else " ".join(sorted(names))
        for line in sys.stdin:
            case = json.loads(line)
            template = string.Template(case["template"])
            try:
                result = ["text", template.substitute(case["values"])]
            except KeyError as e:
                result = ["unset", e.args[0]]
            except ValueError as e:
                place = re.search(r"line (\d+), col (\d+)$", str(e))
                result = ["invalid", place[1] + ":" + place[2]]
            print(json.dumps(result + [identifiers(template)]))
        """;

    // What decides the language: dollars and braces in excess, names, and letters that only some engines take for
    // letters (long s and Kelvin fold to s and k without regard to case; Arabic digits are digits).
    private static readonly string[] s_pieces =
    [
        "$",
        "$",
        "$",
        "$",
        "{",
        "{",
        "}",
        "}",
        "A",
        "b",
        "_",
        "7",
        "AB",
        "a1_",
        "NAME",
        " ",
        "\n",
        "\t",
        ".",
        "-",
        "$$",
        "${",
        "${A}",
        "$A",
        "$NAME",
        "\u017f",
        "\u212a",
        "\u0130",
        "\u0131",
        "\u00e9",
        "\u0301",
        "\uff21",
        "\u0663",
        "\u00b2",
        "\\",
        "\"",
        "%",
        "{{ A }}",
    ];

    /// <summary>Line ends to Python but not to editors, and characters of two UTF-16 units: the text has to agree, the
    /// place can't.</summary>
    private static readonly string[] s_placeless =
    [
        "\r\n",
        "\r",
        "\u2028",
        "\u0085",
        "\f",
        "\0",
        "\ud83d\ude00",
        "\ud835\udc00",
    ];

    private static readonly string[] s_names =
    [
        "A",
        "b",
        "_",
        "AB",
        "a1_",
        "NAME",
        "Ab",
        "__",
        "A7",
        "bb",
        "\u017f",
        "\u212a",
    ];

    [Fact]
    public async Task Python_and_we_agree_on_every_text_and_every_error()
    {
        Random random = new(20261123);
        Case[] cases = [.. Enumerable.Range(0, Count).Select(i => Case.Make(random, withPlaces: i % 2 == 0))];

        string[][] expected = await AskPythonAsync(cases);

        Dictionary<string, int> seen = [];
        for (int i = 0; i < Count; i++)
        {
            string[] actual = Ours(cases[i]);
            if (!cases[i].HasPlaces && expected[i][0] == "invalid" && actual[0] == "invalid")
            {
                expected[i][1] = actual[1];
            }

            Assert.True(
                expected[i].SequenceEqual(actual),
                $"{JsonSerializer.Serialize(cases[i])}: Python {string.Join(" | ", expected[i])}, we {string.Join(" | ", actual)}"
            );
            seen[actual[0]] = seen.GetValueOrDefault(actual[0]) + 1;
        }

        // A generator that made only errors would prove little.
        Assert.All(
            ["text", "unset", "invalid"],
            kind => Assert.True(seen.GetValueOrDefault(kind) > 1000, $"{kind}: {seen.GetValueOrDefault(kind)}")
        );
    }

    /// <summary>What a case gives here: kind, text or variable or line:column, and the variables (? for an invalid
    /// template).</summary>
    private static string[] Ours(Case subject)
    {
        string variables;
        try
        {
            variables = string.Join(' ', LegacyTemplate.Variables("t", subject.Template));
        }
        catch (SysctrException)
        {
            variables = "?";
        }

        try
        {
            return ["text", LegacyTemplate.Render("t", subject.Template, subject.Values), variables];
        }
        catch (SysctrException e) when (e.Message.Contains("has no value", StringComparison.Ordinal))
        {
            return ["unset", e.Message.Split(' ')[^4], variables];
        }
        catch (SysctrException e) when (e.Message.Contains("begins neither", StringComparison.Ordinal))
        {
            return
            [
                "invalid",
                e.Message["reading t:".Length..e.Message.IndexOf(" of the image", StringComparison.Ordinal)],
                variables,
            ];
        }
    }

    private static async Task<string[][]> AskPythonAsync(Case[] cases)
    {
        using Process python = Process.Start(
            new ProcessStartInfo("python3", ["-c", Oracle])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            }
        )!;
        Task<string> output = python.StandardOutput.ReadToEndAsync();
        foreach (Case one in cases)
        {
            await python.StandardInput.WriteAsync(
                JsonSerializer.Serialize(new { template = one.Template, values = one.Values }) + "\n"
            );
        }

        python.StandardInput.Close();
        await python.WaitForExitAsync();
        Assert.Equal(0, python.ExitCode);
        return
        [
            .. (await output)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => JsonSerializer.Deserialize<string[]>(l)!),
        ];
    }

    private sealed record Case(string Template, Dictionary<string, string> Values, bool HasPlaces)
    {
        public static Case Make(Random random, bool withPlaces)
        {
            string[] pieces = withPlaces ? s_pieces : [.. s_pieces, .. s_placeless];
            Dictionary<string, string> values = [];
            foreach (string name in s_names.Where(_ => random.Next(4) > 0))
            {
                values[name] = random.Next(3) == 0 ? "" : Text(random, pieces, 4);
            }

            // Most errors come early in a text; short ones are the ones that get to their end.
            return new Case(Text(random, pieces, random.Next(8) == 0 ? 40 : 9), values, withPlaces);
        }

        private static string Text(Random random, string[] pieces, int most) =>
            string.Concat(Enumerable.Range(0, random.Next(1, most)).Select(_ => pieces[random.Next(pieces.Length)]));
    }
}
