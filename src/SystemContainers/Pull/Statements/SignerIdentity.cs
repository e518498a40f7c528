// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>Who has to have signed, by a certificate such as Fulcio's: a person by address, or a workflow by the URI of
/// its file and ref.</summary>
/// <param name="Issuer">Where the signer logged in, exactly.</param>
/// <param name="Subject">As whom: all of it, in which <c>*</c> stands for any text without a slash and <c>**</c> for
/// any text.</param>
sealed record SignerIdentity(string Issuer, string Subject)
{
    /// <summary>Throws unless a certificate is for this signer.</summary>
    /// <exception cref="SysctrException">Policy: it is for another.</exception>
    public void Check(Certificate leaf)
    {
        if (FulcioAuthority.IssuerOf(leaf) is var issuer && issuer != Issuer)
        {
            throw Fault.Of($"its signer logged in at {Redact.Text(issuer)}, and {Issuer} is required");
        }

        if (!leaf.Names.Emails.Concat(leaf.Names.Uris).Any(Matches))
        {
            throw Fault.Of($"the certificate is not for {Subject}{PkiAuthority.For(leaf)}");
        }
    }

    /// <summary>Whether a name is the subject. Anchored at both ends, and every other character stands for
    /// itself.</summary>
    public bool Matches(string name)
    {
        StringBuilder pattern = new(@"\A");
        for (int at = 0; at < Subject.Length; at++)
        {
            if (Subject[at] != '*')
            {
                pattern.Append(Regex.Escape(Subject[at].ToString()));
                continue;
            }

            bool any = at + 1 < Subject.Length && Subject[at + 1] == '*';
            at += any ? 1 : 0;
            pattern.Append(any ? ".*" : "[^/]*");
        }

        return Regex.IsMatch(
            name,
            pattern.Append(@"\z").ToString(),
            RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant,
            Regex.InfiniteMatchTimeout
        );
    }
}
