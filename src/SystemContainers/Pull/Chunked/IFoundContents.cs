// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Chunked;

namespace SystemContainers.Pull.Chunked;

/// <summary>Contents that were found. Used by one thread at a time.</summary>
interface IFoundContents : IDisposable
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Whether one was found. It need not be there any more, nor be what it was.</summary>
    bool Has(ContentSum sum) => Places(sum) > 0;

    /// <summary>In how many places one was found, a few at most: what is said of one of them may be wrong.</summary>
    int Places(ContentSum sum);

    /// <summary>The file in which it is, and where.</summary>
    /// <param name="sum">One that was found.</param>
    /// <param name="place">Which of its places, from 0 on.</param>
    /// <returns>Null where it is not there any more. The file stays the callee's, until the next call.</returns>
    (SafeFileHandle File, long Offset)? Open(ContentSum sum, int place);
}
