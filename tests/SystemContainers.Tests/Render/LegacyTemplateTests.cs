using System.Diagnostics;
using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Render;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>Our substitution against Python's own string.Template, which published images were written for.</summary>
public sealed class LegacyTemplateTests
{
    private const int Count = 20_000;

    private const string Oracle = """
        import json, string, sys
        for line in sys.stdin:
            case = json.loads(line)
            try:
                result = ["text", string.Template(case["template"]).substitute(case["values"])]
            except KeyError as e:
                result = ["unset", e.args[0]]
            except ValueError:
                result = ["invalid", ""]
            print(json.dumps(result))
        """;

    // What decides the language: dollars and braces in excess, names, and letters that only some engines take for letters
    // (long s and Kelvin fold to s and k without regard to case; Arabic digits are digits).
    private static readonly string[] s_pieces =
    [
        "$", "$", "$", "$", "{", "{", "}", "}", "A", "b", "_", "7", "AB", "a1_", "NAME", " ", "\n", "\r\n", "\t", ".", "-", "$$", "${", "${A}", "$A", "$NAME",
        "\u017f", "\u212a", "\u0130", "\u0131", "\u00e9", "\u0663", "\ud83d\ude00", "\u2028", "\u0085", "\0", "\\", "\"", "%", "{{ A }}",
    ];

    private static readonly string[] s_names = ["A", "b", "_", "AB", "a1_", "NAME", "Ab", "__", "A7", "bb"];

    [Fact]
    public async Task Python_and_we_agree_on_every_text_and_every_error()
    {
        Random random = new(20261123);
        Case[] cases = [.. Enumerable.Range(0, Count).Select(_ => Case.Make(random))];

        string[][] expected = await AskPythonAsync(cases);

        Dictionary<string, int> seen = [];
        for (int i = 0; i < Count; i++)
        {
            string[] actual = Ours(cases[i]);
            Assert.True(
                expected[i].SequenceEqual(actual),
                $"{JsonSerializer.Serialize(cases[i])}: Python {string.Join(' ', expected[i])}, we {string.Join(' ', actual)}");
            seen[actual[0]] = seen.GetValueOrDefault(actual[0]) + 1;
        }

        // A generator that made only errors would prove little.
        Assert.All(["text", "unset", "invalid"], kind => Assert.True(seen.GetValueOrDefault(kind) > 500, $"{kind}: {seen.GetValueOrDefault(kind)}"));
    }

    [Fact]
    public void The_variables_are_those_that_are_mentioned() =>
        Assert.Equal(["A", "B_1", "c"], LegacyTemplate.Variables("/exports/x", "$c ${A}$$NOT $B_1.$A"));

    [Theory]
    [InlineData("a\nbc $", 2, 4)]
    [InlineData("${A", 1, 1)]
    [InlineData("${}", 1, 1)]
    [InlineData("\n\n $7", 3, 2)]
    public void An_invalid_placeholder_is_named_with_its_place(string text, int line, int column)
    {
        SysctrException error = Assert.Throws<SysctrException>(() => LegacyTemplate.Variables("/exports/service.template", text));

        Assert.Equal(ErrorKind.Template, error.Kind);
        Assert.Contains($"/exports/service.template:{line}:{column} of", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_without_value_is_named_with_its_place()
    {
        SysctrException error = Assert.Throws<SysctrException>(
            () => LegacyTemplate.Render("/exports/service.template", "x\n  $MISSING", new Dictionary<string, string>()));

        Assert.Contains("/exports/service.template:2:3", error.Message, StringComparison.Ordinal);
        Assert.Contains("MISSING", error.Message, StringComparison.Ordinal);
        Assert.Contains("--set MISSING=", error.Hint, StringComparison.Ordinal);
    }

    private static string[] Ours(Case subject)
    {
        try
        {
            return ["text", LegacyTemplate.Render("t", subject.Template, subject.Values)];
        }
        catch (SysctrException e) when (e.Message.Contains("has no value", StringComparison.Ordinal))
        {
            return ["unset", e.Message.Split(' ')[^4]];
        }
        catch (SysctrException e) when (e.Message.Contains("begins neither", StringComparison.Ordinal))
        {
            return ["invalid", ""];
        }
    }

    private static async Task<string[][]> AskPythonAsync(Case[] cases)
    {
        using Process python = Process.Start(new ProcessStartInfo("python3", ["-c", Oracle])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        })!;
        Task<string> output = python.StandardOutput.ReadToEndAsync();
        foreach (Case one in cases)
        {
            await python.StandardInput.WriteAsync(
                JsonSerializer.Serialize(new { template = one.Template, values = one.Values }) + "\n");
        }

        python.StandardInput.Close();
        await python.WaitForExitAsync();
        Assert.Equal(0, python.ExitCode);
        return [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<string[]>(l)!)];
    }

    private sealed record Case(string Template, Dictionary<string, string> Values)
    {
        public static Case Make(Random random)
        {
            StringBuilder text = new();
            for (int count = random.Next(1, 9); count > 0; count--)
            {
                text.Append(s_pieces[random.Next(s_pieces.Length)]);
            }

            Dictionary<string, string> values = [];
            foreach (string name in s_names.Where(_ => random.Next(4) > 0))
            {
                values[name] = random.Next(3) == 0 ? "" : string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => s_pieces[random.Next(s_pieces.Length)]));
            }

            return new Case(text.ToString(), values);
        }
    }
}
