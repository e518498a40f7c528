// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>What is said of the lines of one file.</summary>
/// <param name="file">What errors name.</param>
/// <param name="warn">Gets what was left out or taken from a line, in words for the user.</param>
sealed class TmpfilesNotes(string file, Action<string> warn)
{
    /// <returns>No line.</returns>
    public TmpfilesLine? LeftOut(TmpfilesLine line, string why)
    {
        Warn(line, $"the line '{line.Type}{line.Modifiers} {line.Path}' is left out: {line.Path} {why}");
        return null;
    }

    /// <summary>Something is taken from a line.</summary>
    public void Warn(TmpfilesLine line, string text) => warn($"{At(line)}: {text}");

    /// <summary>What a line would do is not for an image to do.</summary>
    public SysctrException Unsafe(TmpfilesLine line, string why) => TemplateErrors.Unsafe(At(line), why);

    public string At(TmpfilesLine line) => new TextPosition(line.Number, 1).In(file);
}
