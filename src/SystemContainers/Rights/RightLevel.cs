// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Rights;

/// <summary>What a class of rights means for whoever installs an image.</summary>
enum RightLevel
{
    /// <summary>What a system container has where nobody says otherwise: an install does not mention it; an update that
    /// gains it is held.</summary>
    [JsonStringEnumMemberName("usual")]
    Usual,

    /// <summary>Told at install; an update that gains it is held.</summary>
    [JsonStringEnumMemberName("told")]
    Told,

    /// <summary>Makes the image root outside of its container, or changes whom the host trusts: needs
    /// <c>--grant</c>.</summary>
    [JsonStringEnumMemberName("dangerous")]
    Dangerous,
}
