// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;
using SystemContainers.Fleet;
using SystemContainers.Fleet.Etcd;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Http;
using Xunit;

namespace SystemContainers.Tests.Fuzz;

/// <summary>What registries, token servers, credential helpers and etcd answer.</summary>
[Trait("needs", "time")]
public sealed class NetFuzzTests
{
    [Fact]
    public Task A_registrys_error() =>
        Verdict.AllAsync(
            JsonMutations.Of("""{"errors":[{"code":"DENIED","message":"no","detail":{"x":[1]}}]}"""),
            async bytes =>
            {
                using HttpResponseMessage response = new(HttpStatusCode.BadRequest)
                {
                    Content = new ByteArrayContent(bytes),
                };
                throw await RegistryErrors.FromResponseAsync(
                    "asking",
                    "a.example",
                    response,
                    used: null,
                    anonymous: true,
                    TestContext.Current.CancellationToken
                );
            }
        );

    [Fact]
    public Task A_token() =>
        Verdict.AllAsync(
            JsonMutations.Of("""{"token":"t","access_token":"a","expires_in":60}"""),
            bytes => Task.FromResult(RegistryClient.ReadToken(bytes, "logging in"))
        );

    [Fact]
    public Task A_helpers_answer() =>
        Verdict.AllAsync(
            JsonMutations.Of("""{"ServerURL":"a.example","Username":"me","Secret":"s"}"""),
            bytes =>
                Task.FromResult(
                    CredentialHelper.Parse(Encoding.UTF8.GetString(bytes), "docker-credential-x", "a.example")?.Basic
                )
        );

    [Fact]
    public Task A_slot_in_etcd() =>
        Verdict.AllAsync(
            JsonMutations.Of("""{"host":"h","state":"Waiting","since":"2026-01-01T00:00:00Z","reason":"x"}"""),
            bytes =>
            {
                byte[] key = "/k/hosts/1"u8.ToArray();
                Rollout rollout = Rollout.Read(
                    "/k",
                    new RangeResponse(
                        new ResponseHeader(),
                        [new KeyValue(key, bytes), new KeyValue("/k/slots/1"u8.ToArray(), bytes)]
                    )
                );
                _ = rollout.ToString();
                return Task.CompletedTask;
            }
        );
}
