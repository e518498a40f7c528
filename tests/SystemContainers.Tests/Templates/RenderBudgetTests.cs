// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Templates;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Templates;

/// <summary>What a hostile template costs: it ends in a refusal, in bounded time and memory, whatever functions it is
/// made of.</summary>
[Trait("needs", "time")]
public sealed class RenderBudgetTests
{
    /// <summary>What one call of a function may take before the budget is looked at again, above it.</summary>
    private const long Slack = 128L << 20;

    private static readonly Dictionary<string, string> s_values = new()
    {
        ["NAME"] = "etcd",
        ["BIG"] = new string('"', 1 << 20),
        ["CONTROL"] = new string('\u0001', 1 << 20),
    };

    public static TheoryData<string> Hostile =>
        [
            "{{ CONTROL | json | json | json | json | json }}",
            "{{ BIG | json }}{{ BIG | json }}",
            "{{ x = '\"'; for i in 1..40; x = x | json; end; x }}",
            "{{ a = []; s = 'x' * 1000000; for i in 1..9000; a[i] = s + i; end }}",
            "{{ s = 'x' * 1000000; for i in 1..9000; t = s | string.upcase | string.downcase | string.capitalize | string.append 'x'; end }}",
            "{{ s = 'x' * 1000000; t = s | string.replace 'x' s }}",
            "{{ s = 'x' * 1000000; t = s | string.replace 'x' 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy' }}",
            "{{ s = 'x' * 1000; for i in 1..30; s = s | string.replace 'x' s; end }}",
            "{{ s = 'x,' * 500000; a = s | string.split ','; b = a | array.join s }}",
            "{{ s = 'x,' * 500000; for i in 1..9000; a = s | string.split ','; end }}",
            "{{ a = 1..1000000000; a | array.join ',' }}",
            "{{ 1..1000000000 | array.size }}",
            "{{ 1..1000000000 | array.reverse | array.size }}",
            "{{ 1..1000000000 | array.sort | array.size }}",
            "{{ 1..1000000000 | array.uniq | array.size }}",
            "{{ 1..1000000000 | array.limit 900000000 | array.size }}",
            "{{ a = 1..1000000; b = a | array.add_range a; c = b | array.add_range b; for i in 1..30; c = c | array.add_range c; end }}",
            "{{ a = [1]; for i in 1..40; a = array.concat a a; end; a | array.size }}",
            "{{ a = [1]; for i in 1..40; a = a | array.add_range a; end; for x in a; end }}",
            "{{ a = ['x']; for i in 1..40; a = a + a; end; a | array.join ',' }}",
            "{{ a = ['x']; for i in 1..40; a = a + a; end; a == a }}",
            "{{ a = ['x']; a * 1000000000 }}",
            "{{ func f(n); a = 'x' * 100000; if n > 0; f (n - 1); f (n - 1); end; end; f 40 }}",
            "{{ capture x; for i in 1..9000; 'x' * 1000; end; end; y = x + x }}",
            "{{ for i in 1..9999; for j in 1..9999; x = i * j; end; end }}",
            "{{ s = 'a' * 1000000; for i in 1..9000; x = s | string.handleize; end }}",
            "{{ s = 'a' * 1000000; for i in 1..9000; x = s | string.base64_encode | string.sha512; end }}",
            "{{ s = '\\\\' * 1000000; for i in 1..9000; x = s | string.escape | string.literal; end }}",
            "{{ x = 1; for i in 1..9000; x = x * 9999999999999999999; end; x }}",
            "{{ x = 9999999999; for i in 1..60; x = x * x; end; x }}",
            "{{ 1 << 2000000000 }}",
            "{{ 'x' | string.pad_left 1048577 }}",
            "{{ 'x' | string.pad_right 2147483647 }}",
            "{{ s = 'x' * 1048576; s + s }}",
            "{{ while true; x = 1; end }}",
        ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_template_is_refused_in_bounded_time_and_memory(string template)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();

        SysctrException e = Assert.Throws<SysctrException>(() =>
            ScribanTemplate.Render("/exports/x.sbn", template, s_values)
        );

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(ErrorKind.Template, e.Kind);
        Assert.Contains("/exports/x.sbn", e.Message, StringComparison.Ordinal);
        Assert.True(
            allocated < RenderBudget.MaxAllocatedBytes + Slack,
            $"{allocated >> 20} MiB, {watch.Elapsed}: {e.Message}"
        );
        Assert.True(watch.Elapsed < RenderBudget.MaxTime + TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData(true, "{{ 'x' * 1048576 }}", "{{ 'x' * 1048576 }}x")]
    [InlineData(false, "$BIG", "x$BIG")]
    [InlineData(false, "${BIG}", "${BIG}$NAME")]
    [InlineData(true, "{{ BIG }}", "{{ BIG }} ")]
    public void A_text_of_just_the_limit_is_taken_and_one_more_is_not(bool scriban, string just, string more)
    {
        TemplateKind kind = scriban ? TemplateKind.Scriban : TemplateKind.Legacy;
        Assert.Equal(
            RenderBudget.MaxCharacters,
            TemplateText.Render(TemplateText.Read("/exports/x", kind, just), s_values).Length
        );

        SysctrException e = Assert.Throws<SysctrException>(() =>
            TemplateText.Render(TemplateText.Read("/exports/x", kind, more), s_values)
        );

        Assert.Equal(ErrorKind.Template, e.Kind);
        Assert.Contains("/exports/x", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_legacy_template_does_not_become_gigabytes()
    {
        string template = string.Concat(Enumerable.Repeat("$BIG", 200_000));
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<SysctrException>(() =>
            TemplateText.Render(TemplateText.Read("/exports/x", TemplateKind.Legacy, template), s_values)
        );

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 128 << 20);
    }

    [Fact]
    public void All_templates_of_an_image_have_one_budget_of_text()
    {
        RenderBudget budget = new();
        ExportFile file = TemplateText.Read("/exports/x", TemplateKind.Legacy, "$BIG");
        for (int i = 0; i < RenderBudget.MaxTotalCharacters / RenderBudget.MaxCharacters; i++)
        {
            TemplateText.Render(file, s_values, budget);
        }

        Assert.Contains(
            "together",
            Assert.Throws<SysctrException>(() => TemplateText.Render(file, s_values, budget)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Only_so_much_of_all_files_below_exports_is_read()
    {
        TestImage image = new TestImage()
            .File("/exports/a", new byte[OciLimits.MaxTemplateBytes])
            .File("/exports/b", "x");
        CountedFiles files = new(image);
        for (int i = 0; i < OciLimits.MaxExportsBytes / OciLimits.MaxTemplateBytes; i++)
        {
            files.Read(image.Find("/exports/a")!, OciLimits.MaxTemplateBytes);
        }

        Assert.Equal(
            ErrorKind.Unsafe,
            Assert.Throws<SysctrException>(() => files.Read(image.Find("/exports/b")!, 1)).Kind
        );
    }

    [Fact]
    public void All_templates_of_an_image_have_one_budget_of_memory()
    {
        RenderBudget budget = new();
        ExportFile file = TemplateText.Read(
            "/exports/x.sbn",
            TemplateKind.Scriban,
            "{{ s = 'x' * 1000000; for i in 1..10; t = s + i; end }}"
        );

        SysctrException e = Assert.Throws<SysctrException>(() =>
        {
            for (int i = 0; i < 20; i++)
            {
                TemplateText.Render(file, s_values, budget);
            }
        });

        Assert.Contains("256 MiB", e.Message, StringComparison.Ordinal);
    }
}
