// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Chunked;
using SystemContainers.Oci;

namespace SystemContainers.Pull.Chunked;

/// <summary>What a sink has of files, by what they hash to, and nothing else of them.</summary>
interface ILayerContents
{
    /// <summary>Whether there is anything that a find could find.</summary>
    bool HasAny { get; }

    /// <summary>Looks for contents. A few bytes for each that is found; nothing is read of them.</summary>
    IFoundContents Find(IReadOnlySet<ContentSum> wanted);

    /// <summary>Keeps what the files of a layer hash to that was added a moment ago, for later finds. May do
    /// nothing.</summary>
    /// <param name="toc">As whoever made the image says it: not to be trusted further than that what is found is hashed
    /// again.</param>
    void Keep(Digest diffId, Toc toc);
}
