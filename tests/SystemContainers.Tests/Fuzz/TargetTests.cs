// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Tests.Fuzz.Targets;
using Xunit;

namespace SystemContainers.Tests.Fuzz;

/// <summary>The targets of <c>tests/Fuzz</c> without its instrumentation: their seeds, and what is wrong in one
/// place.</summary>
[Trait("needs", "time")]
public sealed class TargetTests
{
    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(t => t.Name)];

    /// <summary>Each reads all of its seeds, or most of the code behind it is never reached.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Seeds_are_read(string name)
    {
        FuzzTarget target = FuzzTargets.All.Single(t => t.Name == name);

        Assert.NotEmpty(target.Seeds);
        Assert.All(target.Seeds.Where(s => !s.AsSpan().SequenceEqual("a $ b"u8)), s => target.Read(s));
    }

    /// <summary>The others are those of <see cref="ImageFuzzTests"/> and <see cref="HostFuzzTests"/>.</summary>
    [Theory]
    [InlineData("tar")]
    [InlineData("pax")]
    [InlineData("toc")]
    [InlineData("tar-split")]
    [InlineData("chunked")]
    [InlineData("reference")]
    [InlineData("challenge")]
    [InlineData("legacy")]
    [InlineData("unit")]
    [InlineData("docker-run")]
    [InlineData("compose")]
    [InlineData("signature")]
    [InlineData("simple-signing")]
    [InlineData("keyring")]
    [InlineData("registries.d")]
    [InlineData("bundle")]
    [InlineData("attachment")]
    [InlineData("statement")]
    [InlineData("certificate")]
    public void What_is_wrong_in_one_place_is_read_or_refused_in_our_words(string name)
    {
        FuzzTarget target = FuzzTargets.All.Single(t => t.Name == name);

        Assert.All(
            target
                .Seeds.Take(6)
                .SelectMany(s => TextMutations.Of(Encoding.Latin1.GetString(s)))
                .Where(m => m.Text.All(c => c < 256)),
            m =>
            {
                byte[] bytes = Encoding.Latin1.GetBytes(m.Text);
                target.Mend(bytes);
                Assert.Null(target.Judge(bytes));
            }
        );
    }
}
