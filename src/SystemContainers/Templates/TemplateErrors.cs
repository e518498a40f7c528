// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Templates;

/// <summary>The errors about an image's exports, so that all of them read alike: file, place, reason.</summary>
static class TemplateErrors
{
    /// <summary>A file of the image can't be used.</summary>
    /// <param name="place">The file's path in the image, with line and column where they are known.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="hint">What to do, or null.</param>
    /// <param name="inner">What was thrown below.</param>
    public static SysctrException At(string place, string reason, string? hint = null, Exception? inner = null) =>
        new(ErrorKind.Template, $"reading {place} of the image: {reason}", hint, inner)
        {
            Fault = new ImageFault(place, reason),
        };

    /// <summary>A template mentions a variable that has no value.</summary>
    public static SysctrException Unset(string place, string variable) =>
        new(
            ErrorKind.Template,
            $"rendering {place} of the image: {variable} has no value",
            $"give one with --set {variable}=VALUE"
        )
        {
            Fault = new ImageFault(place, $"{variable} has no value"),
        };

    /// <summary>A file of the image is dangerous to use.</summary>
    public static SysctrException Unsafe(string place, string reason) =>
        new(ErrorKind.Unsafe, $"reading {place} of the image: {reason}") { Fault = new ImageFault(place, reason) };
}
