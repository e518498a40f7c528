// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Inspect.Remote;

/// <summary>What somebody says of an image.</summary>
/// <param name="Type">The predicate's type, or a media type.</param>
/// <param name="Subject">The manifest or index that it is about.</param>
/// <param name="IsSigned">Whether it has a signature; whose, and whether it is right, is not known.</param>
/// <param name="Count">How many of this type there are.</param>
sealed record SbomDocument(string Type, Digest Subject, bool IsSigned, int Count, byte[] Content);
