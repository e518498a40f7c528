// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Files;

/// <summary>What is to be said of a conversion, in the order in which it was found.</summary>
sealed class ConversionFindings
{
    private readonly List<ConversionFinding> _all = [];
    private readonly HashSet<ConversionFinding> _said = [];

    public IReadOnlyList<ConversionFinding> All => _all;

    public void Add(ConversionFinding finding)
    {
        _said.Add(finding);
        _all.Add(finding);
    }

    /// <summary>Adds one that is not there yet.</summary>
    /// <returns>Whether it was not.</returns>
    public bool AddOnce(ConversionFinding finding)
    {
        bool isNew = _said.Add(finding);
        if (isNew)
        {
            _all.Add(finding);
        }

        return isNew;
    }
}
