// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Reference;

/// <summary>One place that may hold an image: the registry itself after rewriting, or a mirror.</summary>
/// <param name="Reference">The image's name there; its registry is the host to connect to and to have credentials
/// for.</param>
/// <param name="Insecure">Plain HTTP, and TLS with an unverified certificate, are allowed.</param>
/// <param name="IsMirror">Whether failing here means to try the next.</param>
sealed record RegistryEndpoint(ImageReference Reference, bool Insecure, bool IsMirror);
