// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Inspect.Remote;
using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Registry;

static class SbomCommand
{
    private static readonly Argument<string> s_name = ContainerArgument.One(
        "A container that is installed, or an image where it is: quay.io/org/etcd:3.5."
    );

    private static readonly Option<string?> s_type = new("--type")
    {
        Description = "Which statement: spdx, cyclonedx, slsaprovenance, or a predicate's type in full.",
        HelpName = "TYPE",
    };

    private static readonly Option<bool> s_raw = new("--raw")
    {
        Description = "Print the document as the registry has it, with its envelope and signature.",
    };

    private static readonly Option<bool> s_list = new("--list")
    {
        Description = "List what is attached to the image instead: signatures, attestations, bills of materials.",
    };

    private static readonly Option<bool> s_json = JsonOption.Create(
        "Print what --list lists as a JSON object; the verb's manual page describes it."
    );

    private static readonly Option<string?> s_platform = PlatformOption.Create();

    public static Command Create()
    {
        Command command = new(
            "sbom",
            """
            Prints the bill of materials that an image's registry has about it, or another statement such as its provenance.

            Examples:
              sysctr sbom etcd
              sysctr sbom --list quay.io/org/etcd:3.5
              sysctr sbom --type slsaprovenance etcd
            """
        )
        {
            s_name,
            s_type,
            s_raw,
            s_list,
            s_platform,
            s_json,
        };
        s_type.CompletionSources.Add(_ =>
            SbomTypes.Names.Select(n => new System.CommandLine.Completions.CompletionItem(n))
        );
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                Platform platform = PlatformOption.Parse(parsed.GetValue(s_platform));
                string name = parsed.GetValue(s_name)!;
                string? type = parsed.GetValue(s_type);
                bool raw = parsed.GetValue(s_raw);
                bool json = parsed.GetValue(s_json);
                bool list = parsed.GetValue(s_list) || json;
                if (list && (raw || type is not null))
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        "--list and --json show all that there is, and --type and --raw one of it",
                        "choose one of them"
                    );
                }

                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                using PullProgressView progress = new(terminal, "asking for");
                Sboms sboms = new(host.Registries, host.Puller(progress));
                ContainerRecord? container = ContainerName.IsValid(name) ? host.Catalog.Find(name) : null;
                if (container is not null && parsed.GetValue(s_platform) is not null)
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        $"--platform: the container {name} has the image of one platform, which is installed",
                        "leave it out, or name the image"
                    );
                }

                if (list)
                {
                    ReferrerList found = container is null
                        ? await sboms.ListAsync(name, platform, cancellation)
                        : await sboms.ListAsync(container, cancellation);
                    progress.Finish();
                    if (json)
                    {
                        terminal.Json(Reports.ToJson(AttachedList.Of(found)));
                        return 0;
                    }

                    foreach (Referrer referrer in found.All)
                    {
                        terminal.Result(
                            $"{Word(referrer.Kind),-11} {(referrer.IsSigned ? "signed" : "-"),-6} {ByteSize.Text(referrer.Blob.Size),10}  {referrer.Type}"
                        );
                    }

                    return 0;
                }

                SbomDocument document = container is null
                    ? await sboms.ReadAsync(name, platform, type, raw, cancellation)
                    : await sboms.ReadAsync(container, type, raw, cancellation);
                progress.Finish();
                terminal.Document(document.Content);
                terminal.Note(
                    $"{document.Type} about {document.Subject.Short}, {(document.IsSigned ? "signed, by whom was not verified" : "not signed by anybody")}"
                );
                return 0;
            }
        );
        return command;
    }

    private static string Word(ReferrerKind kind) =>
        kind switch
        {
            ReferrerKind.Signature => "signature",
            ReferrerKind.Bundle => "bundle",
            ReferrerKind.Statement => "statement",
            ReferrerKind.Attestation => "attestation",
            ReferrerKind.Sbom => "sbom",
            ReferrerKind.Notation => "notation",
            _ => "other",
        };
}
