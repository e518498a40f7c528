// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Auth;

/// <summary>What one registry wants to see. No record: its text must never show a secret.</summary>
sealed class Credential
{
    /// <param name="user">The user's name; null where there are only tokens.</param>
    /// <param name="identityToken">An OAuth2 refresh token, to be exchanged at the token server.</param>
    public Credential(string? user, string? password, string? identityToken)
    {
        User = user;
        Password = password;
        IdentityToken = identityToken;
    }

    public string? User { get; }

    public string? Password { get; }

    public string? IdentityToken { get; }

    /// <summary>The parameter of an <c>Authorization: Basic</c> header (RFC 7617, UTF-8).</summary>
    public string Basic => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));

    /// <summary>The file or helper that they are from, for messages.</summary>
    public string? Source { get; init; }

    /// <summary>Whose, and from where: <c>credentials of 'me' from /root/.config/containers/auth.json</c>.</summary>
    public override string ToString() =>
        (User is null ? "credentials (a token)" : $"credentials of '{Redact.Text(User)}'")
        + (Source is null ? "" : $" from {Source}");
}
