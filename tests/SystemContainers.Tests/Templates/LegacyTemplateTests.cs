// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Templates;
using Xunit;

namespace SystemContainers.Tests.Templates;

/// <summary>Which variables a template mentions, and how its errors name their place; the language itself is in the
/// differential test.</summary>
public sealed class LegacyTemplateTests
{
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
        SysctrException error = Assert.Throws<SysctrException>(() =>
            LegacyTemplate.Variables("/exports/service.template", text)
        );

        Assert.Equal(ErrorKind.Template, error.Kind);
        Assert.Contains($"/exports/service.template:{line}:{column} of", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_without_value_is_named_with_its_place()
    {
        SysctrException error = Assert.Throws<SysctrException>(() =>
            LegacyTemplate.Render("/exports/service.template", "x\n  $MISSING", new Dictionary<string, string>())
        );

        Assert.Contains("/exports/service.template:2:3", error.Message, StringComparison.Ordinal);
        Assert.Contains("MISSING", error.Message, StringComparison.Ordinal);
        Assert.Contains("--set MISSING=", error.Hint, StringComparison.Ordinal);
    }
}
