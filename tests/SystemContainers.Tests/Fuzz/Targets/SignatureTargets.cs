// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull.OpenPgp;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Trust;
using SystemContainers.Pull.Trust.Signatures;
using SystemContainers.Tests.Fakes;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>What whoever can write to a signature storage sends, and keyrings: nothing but what was signed comes
/// out.</summary>
static class SignatureTargets
{
    private static readonly DateTime s_now = DateTime.UtcNow;

    private static readonly OpenPgpSigner s_signer = new();

    private static readonly OpenPgpKeyring s_keys = OpenPgpKeyring.Read([s_signer.Keyring]);

    private static readonly byte[] s_payload = Encoding.UTF8.GetBytes(
        """{"critical":{"type":"atomic container signature","image":{"docker-manifest-digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"identity":{"docker-reference":"quay.io/x:1"}},"optional":{"creator":"x","timestamp":1}}"""
    );

    /// <summary>A file of a lookaside storage.</summary>
    public static FuzzTarget Signature { get; } =
        new(
            "signature",
            [ErrorKind.Policy],
            [
                s_signer.Sign(s_payload),
                s_signer.Sign(s_payload, compress: true),
                [0, .. "simple-signing\n"u8, .. s_signer.Sign(s_payload)],
                [0, .. "sigstore-json\n"u8, .. """{"mimeType":"x","payload":"e30=","annotations":{"a":"b"}}"""u8],
            ],
            bytes =>
            {
                if (SignatureBlob.Parse("here", bytes) is SimpleSignature simple)
                {
                    OpenPgpVerdict verdict = SignedMessage.Check(
                        simple.Message,
                        s_keys,
                        SimpleSigning.MaxBytes,
                        s_now,
                        CancellationToken.None
                    );
                    FuzzTarget.Must(
                        (verdict.Content is null) == (verdict.Fault is not null),
                        "it neither counts nor does not"
                    );
                    FuzzTarget.Must(
                        verdict.Content is null || verdict.Content.SequenceEqual(s_payload),
                        "what nobody signed came out"
                    );
                }
            }
        );

    /// <summary>What a simple signature signs.</summary>
    public static FuzzTarget Payload { get; } =
        new(
            "simple-signing",
            [ErrorKind.Policy],
            [s_payload],
            bytes =>
                FuzzTarget.Must(
                    SimpleSigning.Read(bytes, SimpleSigning.Atomic).DockerReference is not null,
                    "it is for no name"
                )
        );

    /// <summary>A keyring.</summary>
    public static FuzzTarget Keyring { get; } =
        new(
            "keyring",
            [],
            [
                s_signer.Keyring,
                Encoding.ASCII.GetBytes(
                    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n"
                        + Convert.ToBase64String(s_signer.Keyring)
                        + "\n-----END PGP PUBLIC KEY BLOCK-----\n"
                ),
            ],
            bytes => _ = OpenPgpKeyring.Read([bytes]).IsEmpty
        );

    /// <summary>A file of registries.d.</summary>
    public static FuzzTarget RegistriesD { get; } =
        new(
            "registries.d",
            [ErrorKind.Policy],
            [
                .. new[]
                {
                    "default-docker:\n  lookaside: file:///x\n  use-sigstore-attachments: true\ndocker:\n  quay.io/x: {sigstore: 'https://x/y'}\n  a.b:\n",
                }.Select(Encoding.UTF8.GetBytes),
            ],
            bytes =>
            {
                string directory = Directory.CreateTempSubdirectory("sysctr-registries-d-").FullName;
                try
                {
                    File.WriteAllBytes(Path.Combine(directory, "x.yaml"), bytes);
                    SignatureStorage storage = SignatureStorage.Load([directory], "file:///nowhere");
                    FuzzTarget.Must(
                        storage.Lookaside(SystemContainers.Reference.ImageReference.Parse("quay.io/x:1")).Url.Length
                            > 0,
                        "there is no place"
                    );
                }
                finally
                {
                    Directory.Delete(directory, recursive: true);
                }
            }
        )
        {
            MaxAllocated = 128 << 20,
        };
}
