// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Errors;

/// <summary>
/// The one exception that crosses the border of a room. Its message says what was being done and to what;
/// <see cref="Hint"/> says what to do next. Exceptions of the framework (IO, JSON, HTTP) are wrapped in it where they
/// are understood, with the original as <see cref="Exception.InnerException"/>.
/// </summary>
public sealed class SysctrException : Exception
{
    /// <param name="kind">What a caller can act on; the exit code.</param>
    /// <param name="message">"what was being done, to what: why not", in one line, without a final dot.</param>
    /// <param name="hint">What to do next, or null where nothing helpful is known.</param>
    /// <param name="inner">What was thrown below, if anything.</param>
    public SysctrException(ErrorKind kind, string message, string? hint = null, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Hint = hint;
    }

    /// <summary>What a caller can act on.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What the user can do next; null where nothing helpful is known.</summary>
    public string? Hint { get; }

    /// <summary>Where it is about a file of an image: which, and why; the message says the same.</summary>
    public ImageFault? Fault { get; init; }

    /// <summary>Where it is about an option that the user set: which, and why; the message says the same.</summary>
    public SettingFault? Setting { get; init; }
}
