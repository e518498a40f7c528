// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Store.Records;

/// <summary>What the name of an object says of the file: a layer has objects of one form.</summary>
enum ObjectForm
{
    /// <summary>Content, owner, mode, times and attributes: the inode can stand in a checkout of hard links. The name
    /// is an <see cref="ObjectKey.Header"/> and the content, hashed.</summary>
    Inode,

    /// <summary>Content alone: the inode's own metadata means nothing, and files that differ in it alone are one
    /// object. The name is the content's fs-verity digest.</summary>
    Content,
}
