// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace SystemContainers.Templates;

/// <summary>
/// What the templates of one image may cost together, whatever language they are in: time, memory and text. Attack:
/// each template, string or step stays below its own limit, and there are many of them.
/// </summary>
sealed class RenderBudget
{
    /// <summary>Characters that one template may render to, and that one string in it may have.</summary>
    public const int MaxCharacters = Oci.OciLimits.MaxTemplateBytes;

    /// <summary>Characters that all templates of an image may render to.</summary>
    public const long MaxTotalCharacters = 16L << 20;

    /// <summary>Bytes that rendering may allocate, whether or not they are needed to the end. An honest template is far
    /// below a hundredth of it.</summary>
    public const long MaxAllocatedBytes = 256L << 20;

    /// <summary>Far beyond what honest templates need (milliseconds), so that a slow machine is not an error.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(20);

    private TimeSpan _spent;
    private long _allocated;
    private long _characters;
    private long _startBytes;
    private long _start;

    /// <summary>How long rendering may go on.</summary>
    public TimeSpan TimeLeft => MaxTime - _spent > TimeSpan.Zero ? MaxTime - _spent : TimeSpan.FromTicks(1);

    /// <summary>Renders one template at this budget's cost, on this thread.</summary>
    /// <param name="path">Of the template, for the error.</param>
    /// <param name="render">Asks <see cref="Check"/> as often as it can.</param>
    /// <exception cref="Errors.SysctrException">Template: the text is too long, or all texts together are; or what
    /// <paramref name="render"/> throws.</exception>
    public string Spend(string path, Func<string> render)
    {
        _startBytes = GC.GetAllocatedBytesForCurrentThread();
        _start = Stopwatch.GetTimestamp();
        try
        {
            string text = render();
            if (text.Length > MaxCharacters)
            {
                throw TooLong(path);
            }

            _characters += text.Length;
            return _characters <= MaxTotalCharacters
                ? text
                : throw TemplateErrors.At(
                    path,
                    $"the image's templates render to more than {MaxTotalCharacters} characters together"
                );
        }
        finally
        {
            _allocated += GC.GetAllocatedBytesForCurrentThread() - _startBytes;
            _spent += Stopwatch.GetElapsedTime(_start);
        }
    }

    /// <summary>Throws where the memory is spent. The message is for whoever knows the place.</summary>
    /// <exception cref="InvalidOperationException">It is.</exception>
    public void Check()
    {
        if (_allocated + GC.GetAllocatedBytesForCurrentThread() - _startBytes > MaxAllocatedBytes)
        {
            throw new InvalidOperationException(
                $"the image's templates take more than {MaxAllocatedBytes >> 20} MiB of memory to render"
            );
        }
    }

    /// <summary>The error for a template that renders to more than <see cref="MaxCharacters"/>.</summary>
    public static Errors.SysctrException TooLong(string path) =>
        TemplateErrors.At(path, $"it renders to more than {MaxCharacters} characters");
}
