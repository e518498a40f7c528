// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Quadlet.Syntax;

/// <summary>Collects what is wrong with files, so that all of it is told at once, and what a user should know although
/// it is no fault.</summary>
sealed class QuadletFaults
{
    private readonly List<QuadletFault> _faults = [];
    private readonly List<QuadletFault> _notes = [];
    private readonly HashSet<QuadletFault> _noted = [];

    /// <summary>What keeps the files from being applied, in the order in which it was found.</summary>
    public IReadOnlyList<QuadletFault> All => _faults;

    /// <summary>What is taken, and means less here than where the files come from.</summary>
    public IReadOnlyList<QuadletFault> Notes => _notes;

    /// <param name="place">Where it would be mended.</param>
    /// <param name="text">What it is: <c>KEY=: why not</c>.</param>
    /// <param name="advice">What to do; null where the text says it.</param>
    /// <param name="kind">The exit code.</param>
    public void Add(QuadletPlace place, string text, string? advice = null, ErrorKind kind = ErrorKind.Template) =>
        _faults.Add(new QuadletFault(place, OneLine.Of(text), advice, kind));

    /// <summary>Adds what is no fault.</summary>
    public void Note(QuadletPlace place, string text)
    {
        QuadletFault note = new(place, text, null, ErrorKind.Template);
        if (_noted.Add(note))
        {
            _notes.Add(note);
        }
    }

    /// <summary>Throws where there are faults; the message has a line for each, with what to do about it where that is
    /// not the same for all.</summary>
    /// <exception cref="SysctrException">Of the first fault's kind.</exception>
    public void ThrowIfAny()
    {
        if (_faults.Count > 0)
        {
            bool isOne = _faults.TrueForAll(f => f.Advice == _faults[0].Advice);
            throw new SysctrException(
                _faults[0].Kind,
                string.Join(
                    '\n',
                    _faults
                        .Select(f => isOne || f.Advice is null ? $"{f}" : $"{f}; {f.Advice}")
                        .Distinct(StringComparer.Ordinal)
                ),
                isOne && _faults[0].Advice is { } advice ? advice : "nothing was changed"
            );
        }
    }
}

/// <summary>What is wrong with a file.</summary>
/// <param name="Text">What, in one line.</param>
/// <param name="Advice">What to do; null for nothing further.</param>
/// <param name="Kind">The exit code.</param>
sealed record QuadletFault(QuadletPlace Place, string Text, string? Advice, ErrorKind Kind)
{
    /// <summary>As compilers write it.</summary>
    public override string ToString() => $"{Place}: {Text}";
}
