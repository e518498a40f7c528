// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Reference;
using Xunit;

namespace SystemContainers.Tests.Pull.Referrers;

public sealed class ReferrerLimitsTests
{
    [Fact]
    public async Task Documents_of_an_image_are_counted()
    {
        using OneBlob source = new();
        ReferrerClient client = new(ImageReference.Parse("quay.io/x:1"), source);
        Descriptor blob = new("text/plain", Digest.Sha256("x"u8), 1);
        for (int i = 0; i < ReferrerLimits.MaxDocuments; i++)
        {
            Assert.Equal("x"u8.ToArray(), await client.DocumentAsync(blob, TestContext.Current.CancellationToken));
        }

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            client.DocumentAsync(blob, TestContext.Current.CancellationToken)
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains("more than 512 documents", e.Message, StringComparison.Ordinal);
    }

    private sealed class OneBlob : IImageSource
    {
        public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
            Task.FromResult<Stream>(new MemoryStream("x"u8.ToArray()));

        public void Dispose() { }
    }
}
