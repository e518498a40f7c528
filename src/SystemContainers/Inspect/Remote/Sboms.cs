// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Statements;
using SystemContainers.Reference;
using SystemContainers.State;

namespace SystemContainers.Inspect.Remote;

/// <summary>Bills of materials, provenance and whatever else is said of an image, fetched from its registry. Nothing of
/// it is verified but that it is about this image.</summary>
/// <param name="registries">Say what names mean.</param>
/// <param name="puller">Knows policy, mirrors and credentials.</param>
sealed class Sboms(RegistriesConfig registries, ImagePuller puller)
{
    /// <summary>What is attached to an image.</summary>
    /// <param name="typed">A reference, short or full.</param>
    /// <param name="platform">Which image of an index.</param>
    /// <exception cref="SysctrException">As a pull; Unsafe: there is too much of it.</exception>
    public Task<ReferrerList> ListAsync(string typed, Platform platform, CancellationToken cancellation) =>
        UseAsync(registries.Resolve(typed), (_, reader, token) => reader.ListAsync(platform, token), cancellation);

    /// <summary>The same of what is installed: about the manifest that it is of, wherever its tag leads now.</summary>
    /// <exception cref="SysctrException">As <see cref="ListAsync(string, Platform, CancellationToken)"/>.</exception>
    public Task<ReferrerList> ListAsync(ContainerRecord container, CancellationToken cancellation) =>
        UseAsync(
            [ImageReference.Parse(container.Image)],
            (_, reader, token) => reader.InstalledAsync(container.ManifestDigest, token),
            cancellation
        );

    /// <summary>One document about an image.</summary>
    /// <param name="typed">A reference, short or full.</param>
    /// <param name="platform">Which image of an index.</param>
    /// <param name="type">A predicate's type or a short name of some; null for a bill of materials of any.</param>
    /// <param name="raw">Whether it is wanted with all that it is wrapped in.</param>
    /// <exception cref="SysctrException">NotFound: there is none; Corrupt: it is about another image; else as a
    /// pull.</exception>
    public Task<SbomDocument> ReadAsync(
        string typed,
        Platform platform,
        string? type,
        bool raw,
        CancellationToken cancellation
    ) =>
        UseAsync(
            registries.Resolve(typed),
            async (client, reader, token) =>
                await ReadAsync(typed, client, (await reader.ListAsync(platform, token)).All, type, raw, token),
            cancellation
        );

    /// <summary>The same of what is installed: about the manifest that it is of, wherever its tag leads now.</summary>
    /// <exception cref="SysctrException">As
    /// <see cref="ReadAsync(string, Platform, string?, bool, CancellationToken)"/>.</exception>
    public Task<SbomDocument> ReadAsync(
        ContainerRecord container,
        string? type,
        bool raw,
        CancellationToken cancellation
    ) =>
        UseAsync(
            [ImageReference.Parse(container.Image)],
            async (client, reader, token) =>
                await ReadAsync(
                    container.Name,
                    client,
                    (await reader.InstalledAsync(container.ManifestDigest, token)).All,
                    type,
                    raw,
                    token
                ),
            cancellation
        );

    private Task<T> UseAsync<T>(
        IReadOnlyList<ImageReference> candidates,
        Func<ReferrerClient, ReferrerReader, CancellationToken, Task<T>> use,
        CancellationToken cancellation
    ) =>
        puller.UseAsync(
            candidates,
            (_, place, source, token) =>
            {
                ReferrerClient client = new(place, source);
                return use(client, new ReferrerReader(client), token);
            },
            cancellation
        );

    private static async Task<SbomDocument> ReadAsync(
        string name,
        ReferrerClient client,
        IReadOnlyList<Referrer> all,
        string? type,
        bool raw,
        CancellationToken cancellation
    )
    {
        Referrer[] fit = [.. all.Where(r => type is null ? r.IsSbom : SbomTypes.Is(r.Type, type))];
        string[] types = [.. fit.Select(r => r.Type).Distinct(StringComparer.Ordinal)];
        if (fit.Length == 0)
        {
            string[] there =
            [
                .. all.Where(r => r.Kind != ReferrerKind.Signature)
                    .Select(r => r.Type)
                    .Distinct(StringComparer.Ordinal)
                    .Take(20),
            ];
            throw new SysctrException(
                ErrorKind.NotFound,
                $"looking for {(type is null ? "a bill of materials" : $"a statement of type {type}")} about {name}: its registry has none",
                there.Length == 0
                    ? "nothing is attached to the image; whoever builds it can add one: docker buildx build --sbom=true, or cosign attest"
                    : $"there is {Redact.Text(string.Join(", ", there))}: name one by --type"
            );
        }

        if (types.Length > 1)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"looking for a bill of materials about {name}: there are several",
                $"choose by --type: {Redact.Text(string.Join(", ", types))}"
            );
        }

        // Of several of one type one that is signed, and the newest: registries list in the order of coming.
        Referrer chosen = fit.LastOrDefault(r => r.IsSigned) ?? fit[^1];
        byte[] document = await client.DocumentAsync(chosen.Blob, cancellation);
        InTotoStatement? statement = PredicateReader.Statement(chosen, document);
        return new SbomDocument(
            statement?.PredicateType ?? chosen.Type,
            chosen.Subject,
            chosen.IsSigned,
            fit.Length,
            raw ? document : statement?.Predicate ?? document
        );
    }
}
