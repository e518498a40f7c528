// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Yaml;

/// <param name="Source">Its file.</param>
/// <param name="Line">From 1.</param>
/// <param name="Text">Quotes and escapes taken away.</param>
/// <param name="IsPlain">Whether it stands without quotes, so that it may be a number, a boolean or nothing.</param>
sealed record YamlScalar(YamlSource Source, int Line, string Text, bool IsPlain) : YamlNode(Source, Line)
{
    /// <inheritdoc/>
    public override long Size => 1;

    /// <summary>Whether it is nothing (YAML 1.2, 10.3.2).</summary>
    public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";
}
