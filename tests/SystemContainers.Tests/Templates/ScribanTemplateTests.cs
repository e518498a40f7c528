// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Templates;
using Xunit;

namespace SystemContainers.Tests.Templates;

/// <summary>The fence around Scriban: what a template may do, and that nothing else gets it further than an
/// error.</summary>
public sealed class ScribanTemplateTests
{
    private static readonly Dictionary<string, string> s_values = new()
    {
        ["NAME"] = "etcd",
        ["EMPTY"] = "",
        ["LIST"] = "a,b,c",
        ["ODD"] = "q\"\\\n\u2028%",
    };

    [Theory]
    [InlineData("{{ NAME }}.service", "etcd.service")]
    [InlineData("{{ if EMPTY != \"\" }}x{{ else }}y{{ end }}", "y")]
    [InlineData("{{ for item in LIST | string.split \",\" }}[{{ item }}]{{ end }}", "[a][b][c]")]
    [InlineData("{{ NAME | string.upcase }}{{ math.plus 1 2 }}", "ETCD3")]
    [InlineData("{{ NAME | string.slice 1 2 }}", "tc")]
    [InlineData("{{ x = NAME + \"d\" }}{{ x }}", "etcdd")]
    [InlineData("{{ ODD | json }}", "\"q\\u0022\\\\\\n\\u2028%\"")]
    [InlineData("$NAME ${NAME} $$", "$NAME ${NAME} $$")]
    public void Templates_render(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("a\n {{ MISSING }}", "/exports/x.sbn:2:5", "MISSING has no value")]
    [InlineData("{{ if }}", "/exports/x.sbn", "")]
    [InlineData("x\n{{ NAME | nope }}", "/exports/x.sbn:2:", "nope")]
    [InlineData("{{ include 'passwd' }}", "/exports/x.sbn:1:", "include")]
    [InlineData("{{ date.now }}", "/exports/x.sbn:1:", "date")]
    [InlineData("{{ object.eval '1' }}", "/exports/x.sbn:1:", "object")]
    [InlineData("{{ math.random 1 5 }}", "/exports/x.sbn:1:", "")]
    [InlineData("{{ math.uuid }}", "/exports/x.sbn:1:", "")]
    [InlineData("{{ string.upcase = 'none' }}", "/exports/x.sbn:1:", "readonly")]
    [InlineData("{{ NAME = 'other' }}{{ NAME }}", "/exports/x.sbn:1:", "NAME")]
    [InlineData("{{ for i in 1..1000000000 }}x{{ end }}", "/exports/x.sbn:1:", "LoopLimit")]
    [InlineData("{{ while true }}x{{ end }}", "/exports/x.sbn:1:", "")]
    [InlineData("{{ func f; f; end; f }}", "/exports/x.sbn:1:", "recursive")]
    [InlineData("{{ func f; g; end; func g; f; end; f }}", "/exports/x.sbn:1:", "recursive")]
    [InlineData("{{ func f(x); f x + 'a'; end; f 'a' }}", "/exports/x.sbn:1:", "recursive")]
    [InlineData("{{ for i in 1..9000; for j in 1..9000; end; end }}", "/exports/x.sbn:1:", "limit")]
    [InlineData("{{ import NAME }}", "/exports/x.sbn:1:", "")]
    [InlineData("{{ string.pad_left 'a' 1000000000 }}", "/exports/x.sbn:1:", "LimitToString")]
    [InlineData("{{ 'a' * 2000000000 }}", "/exports/x.sbn:1:", "LimitToString")]
    [InlineData("{{ x = 'aaaaaaaa'; for i in 1..1000; x = x + x; end }}", "/exports/x.sbn:1:", "")]
    [InlineData("{{ for i in 1..5000 }}{{ 'a' * 1000 }}{{ end }}", "/exports/x.sbn:1:", "")]
    public void Whatever_goes_too_far_is_an_error_with_its_place(string template, string place, string reason)
    {
        SysctrException error = Assert.Throws<SysctrException>(() => Render(template));

        Assert.Equal(ErrorKind.Template, error.Kind);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ if true }}", "{{ end }}")]
    [InlineData("{{ (", ")")]
    [InlineData("[", "]")]
    [InlineData("{{ -", "")]
    [InlineData("{{ !", "")]
    [InlineData("{{ func f }}", "{{ end }}")]
    [InlineData("{{ NAME | string.upcase", "")]
    public void Nesting_without_end_is_an_error_and_no_crash(string open, string close)
    {
        const int depth = 50_000;
        string inner = open.StartsWith("{{", StringComparison.Ordinal) ? "" : "{{ ";
        string template =
            inner + string.Concat(Enumerable.Repeat(open, depth)) + string.Concat(Enumerable.Repeat(close, depth));

        Assert.Equal(ErrorKind.Template, Assert.Throws<SysctrException>(() => Render(template)).Kind);
    }

    [Fact]
    public void Mentioned_are_variables_that_the_template_does_not_bind_itself() =>
        Assert.Equal(
            ["A", "B", "C", "LIST"],
            ScribanTemplate.Variables(
                "x.sbn",
                "{{ A }}{{ x = B }}{{ x }}{{ for i in LIST | string.split ',' }}{{ i }}{{ for.index }}{{ end }}{{ if C != \"\" }}{{ math.pi }}{{ end }}"
            )
        );

    private static string Render(string template) => ScribanTemplate.Render("/exports/x.sbn", template, s_values);
}
