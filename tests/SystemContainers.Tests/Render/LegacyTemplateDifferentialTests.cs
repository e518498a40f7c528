using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsCheck;
using SystemContainers.Errors;
using SystemContainers.Render;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>
/// Generated templates rendered by Python's own <c>string.Template</c> and by ours: no difference in output, in what is an error, or
/// in the variable that it names.
/// </summary>
public sealed class LegacyTemplateDifferentialTests
{
    private const int Batches = 10;
    private const int BatchSize = 2000;

    /// <summary>Reads [template, values] a line, answers with {"ok": output}, {"unset": name} or {"invalid": true}.</summary>
    private const string Oracle =
        """
        import json, string, sys
        for line in sys.stdin:
            template, values = json.loads(line)
            try:
                answer = {"ok": string.Template(template).substitute(values)}
            except KeyError as e:
                answer = {"unset": e.args[0]}
            except ValueError:
                answer = {"invalid": True}
            print(json.dumps(answer))
        """;

    // Names that are there, names that are not, what only looks like one, and letters that match others when case is ignored: the long s,
    // the Kelvin sign, the dotless and the dotted i.
    private static readonly Gen<string> s_piece = Gen.OneOfConst(
        "$", "$", "$$", "${", "}", "{", "_", "A", "b", "Z9", "0", "7", " ", "\n", "\r\n", "\t", "-", ".", "\"", "\\", "é", "ſ", "\u212a", "ı", "İ", "٣", "名",
        "\u2028", "\0", "😀", "$NAME", "${NAME}", "$_x1", "${_x1}", "$name", "${missing}", "$missing", "${NAME", "$NAMEx", "${ NAME}", "$9", "${9}", "${}", "$ſ", "${\u212a}");

    private static readonly Gen<string> s_template = s_piece.Array[0, 12].Select(string.Concat);

    private static readonly Gen<Dictionary<string, string>> s_values = Gen.Select(
        s_template, s_template, s_template,
        (x, y, z) => new Dictionary<string, string> { ["NAME"] = x, ["_x1"] = y, ["b"] = z, ["A"] = "", ["\u212a"] = "kelvin", ["ſ"] = "long s" });

    [Fact]
    public void Python_and_we_agree() =>
        Gen.Select(s_template, s_values).Array[BatchSize].Sample(
            cases =>
            {
                string[] theirs = Python(cases);
                for (int i = 0; i < cases.Length; i++)
                {
                    Assert.Equal((cases[i].Item1, theirs[i]), (cases[i].Item1, Ours(cases[i].Item1, cases[i].Item2)));
                }
            },
            iter: Batches,
            threads: 1);

    private static string Ours(string template, Dictionary<string, string> values)
    {
        try
        {
            return "ok: " + LegacyTemplate.Render("t", template, values);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Template)
        {
            Match unset = Regex.Match(e.Message, "of the image: ([^ ]+) has no value$");
            return unset.Success ? "unset: " + unset.Groups[1].Value : "invalid";
        }
    }

    private static string[] Python((string Template, Dictionary<string, string> Values)[] cases)
    {
        using Process python = Process.Start(new ProcessStartInfo("python3", ["-c", Oracle])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        Task<string> output = python.StandardOutput.ReadToEndAsync();
        foreach ((string template, Dictionary<string, string> values) in cases)
        {
            JsonObject map = [];
            foreach ((string name, string value) in values)
            {
                map[name] = value;
            }

            python.StandardInput.WriteLine(new JsonArray(template, map).ToJsonString());
        }

        python.StandardInput.Close();
        string[] lines = output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(cases.Length, lines.Length);
        return
        [
            .. lines.Select(line => JsonNode.Parse(line)!).Select(answer =>
                answer["ok"] is { } ok ? "ok: " + ok.GetValue<string>()
                : answer["unset"] is { } name ? "unset: " + name.GetValue<string>()
                : "invalid"),
        ];
    }
}
