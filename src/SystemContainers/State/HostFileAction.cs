// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.State;

/// <summary>What a switch between deployments does with one file of the host.</summary>
enum HostFileAction
{
    /// <summary>It is as it shall be.</summary>
    [JsonStringEnumMemberName("unchanged")]
    Unchanged,

    /// <summary>It is written where nothing was.</summary>
    [JsonStringEnumMemberName("create")]
    Create,

    /// <summary>It is written over the former version, which nobody had edited.</summary>
    [JsonStringEnumMemberName("replace")]
    Replace,

    /// <summary>One of our own was edited: that goes aside as <c>.sysctr-save</c>, and the new version is
    /// written.</summary>
    [JsonStringEnumMemberName("replaceEdited")]
    ReplaceEdited,

    /// <summary>One of the image's was edited: it stays, with the new version beside it as
    /// <c>.sysctr-new</c>.</summary>
    [JsonStringEnumMemberName("layBeside")]
    LayBeside,

    /// <summary>It was edited and stays; the image has no other version than before.</summary>
    [JsonStringEnumMemberName("keepEdited")]
    KeepEdited,

    /// <summary>It goes.</summary>
    [JsonStringEnumMemberName("delete")]
    Delete,

    /// <summary>One of our own was edited: it goes aside as <c>.sysctr-save</c>.</summary>
    [JsonStringEnumMemberName("setAside")]
    SetAside,

    /// <summary>One of the image's was edited: it stays where it is, no longer ours.</summary>
    [JsonStringEnumMemberName("leaveEdited")]
    LeaveEdited,

    /// <summary>Something that is not ours stands there: the whole is refused.</summary>
    [JsonStringEnumMemberName("taken")]
    Taken,
}
