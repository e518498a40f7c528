// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Trust;

namespace SystemContainers.Cli.Commands.Trust;

static class TrustCommand
{
    /// <summary>Of another transport than that of registries.</summary>
    public static Option<string?> TransportOption() =>
        new("--transport")
        {
            Description =
                "Whose scope it is, where that is no registry's: oci, oci-archive, docker-archive, dir, docker-daemon.",
            HelpName = "TRANSPORT",
        };

    public static Argument<string> ScopeArgument() =>
        new("SCOPE")
        {
            Description =
                "Which images: default, HOST, HOST/REPOSITORY, HOST/REPOSITORY:TAG, *.DOMAIN; * for all of a transport.",
        };

    public static TrustScope Scope(ParseResult parsed, Argument<string> scope, Option<string?> transport) =>
        TrustScope.Parse(parsed.GetValue(scope)!, parsed.GetValue(transport));

    public static Command Create() =>
        new(
            "trust",
            """
            What images have to prove before they are pulled: the policy that podman and skopeo read, and sysctr's own trust.d beside it.

            Examples:
              sysctr trust show
              sysctr trust set --type sigstoreSigned --key /etc/pki/team.pub --identity matchRepository registry.example.com/team
              sysctr trust set --type reject default
              sysctr trust test registry.example.com/team/etcd:3.5     which rule decides, and whether it would be pulled
              sysctr trust delete registry.example.com/team
            """
        )
        {
            TrustShowCommand.Create(),
            TrustSetCommand.Create(),
            TrustDeleteCommand.Create(),
            TrustTestCommand.Create(),
        };
}
