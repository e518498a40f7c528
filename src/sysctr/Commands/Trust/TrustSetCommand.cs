// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Trust;

namespace SystemContainers.Cli.Commands.Trust;

static class TrustSetCommand
{
    private static readonly Argument<string> s_scope = TrustCommand.ScopeArgument();
    private static readonly Option<string?> s_transport = TrustCommand.TransportOption();

    private static readonly Option<string> s_type = new("--type", "-t")
    {
        Description = "What has to hold: accept, reject, signedBy (OpenPGP, the default) or sigstoreSigned (cosign).",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "signedBy",
    };

    private static readonly Option<string[]> s_keys = new("--key", "--pubkeysfile", "-f")
    {
        Description =
            "A file of public keys: OpenPGP's as 'gpg --export' writes them, or PEM. Of several files any counts.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> s_identity = new("--identity")
    {
        Description =
            "For which name it has to be signed: matchRepoDigestOrExact (the default), matchExact, matchRepository, exactReference=REFERENCE, exactRepository=NAME, remapIdentity=PREFIX,SIGNED-PREFIX. cosign signs for a name without a tag: matchRepository.",
        HelpName = "IDENTITY",
    };

    private static readonly Option<string?> s_lookaside = new("--lookaside")
    {
        Description = "Where simple signatures are; is written to registries.d.",
        HelpName = "URL",
    };
    private static readonly Option<string?> s_fulcio = new("--fulcio-ca")
    {
        Description = "Certificates of Fulcio's authority, PEM.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> s_issuer = new("--oidc-issuer")
    {
        Description = "Where the signer logged in, exactly.",
        HelpName = "URL",
    };
    private static readonly Option<string[]> s_rekor = new("--rekor-key")
    {
        Description = "The public key of a transparency log that has to have seen it, PEM.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> s_roots = new("--ca-roots")
    {
        Description = "Root certificates of an authority of one's own, PEM.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> s_intermediates = new("--ca-intermediates")
    {
        Description = "Certificates between those and the signer's, PEM.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> s_email = new("--subject-email")
    {
        Description = "As whom it was signed, exactly.",
        HelpName = "ADDRESS",
    };
    private static readonly Option<string?> s_hostname = new("--subject-hostname")
    {
        Description = "As which host it was signed, exactly.",
        HelpName = "NAME",
    };

    public static Command Create()
    {
        Command command = new(
            "set",
            "Has a requirement hold for a scope, in the place of those before. Keys are read first: what nobody could meet is not written."
        )
        {
            s_scope,
            s_type,
            s_keys,
            s_identity,
            s_transport,
            s_lookaside,
            s_fulcio,
            s_issuer,
            s_rekor,
            s_roots,
            s_intermediates,
            s_email,
            s_hostname,
        };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            TrustRequest request = new()
            {
                Type = parsed.GetValue(s_type)!,
                Keys = parsed.GetValue(s_keys) ?? [],
                Identity = parsed.GetValue(s_identity),
                FulcioAuthority = parsed.GetValue(s_fulcio),
                OidcIssuer = parsed.GetValue(s_issuer),
                RekorKeys = parsed.GetValue(s_rekor) ?? [],
                PkiRoots = parsed.GetValue(s_roots),
                PkiIntermediates = parsed.GetValue(s_intermediates),
                SubjectEmail = parsed.GetValue(s_email),
                SubjectHostname = parsed.GetValue(s_hostname),
            };
            new TrustOperation(host, terminal.Note).Set(
                TrustCommand.Scope(parsed, s_scope, s_transport),
                request,
                parsed.GetValue(s_lookaside)
            );
            return 0;
        });
        return command;
    }
}
