// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Inspect;
using SystemContainers.Rights;
using SystemContainers.Settings;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class InfoCommand
{
    private static readonly Argument<string> s_name = ContainerArgument.One();

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON object; its 'values' maps every template variable to its final text.",
    };

    public static Command Create()
    {
        Command command = new("info", "Shows all that is known of a container: image, state, files, values.")
        {
            s_name,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                ContainerDetails details = await new ContainerReports(host).DetailsAsync(
                    parsed.GetValue(s_name)!,
                    cancellation
                );
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(details));
                    return 0;
                }

                Print(terminal, details);
                return 0;
            }
        );
        return command;
    }

    private static void Print(Terminal terminal, ContainerDetails details)
    {
        Line("Name", details.Name);
        Line("Image", details.Image);
        Line("Image ID", details.ImageId);
        Line("Manifest", details.ManifestDigest);
        Lines(
            "Mounted images",
            details.MountedImages.Select(m => $"{m.Image}@{m.ManifestDigest} on {string.Join(", ", m.Destinations)}")
        );
        Lines("Signed", details.Proofs.Select(p => $"{p.Requirement}: {p.Signer}, as {p.File} requires for {p.Rule}"));
        Lines("Attestations", details.Attestations);
        Lines("Sealed", details.Seal is { } seal ? [seal] : []);
        string state = details.State == details.SubState ? details.State : $"{details.State} ({details.SubState})";
        terminal.Result($"{"State:",-18} {state}", state);
        Line("Main PID", details.MainPid == 0 ? "-" : details.MainPid.ToString());
        Line("Enabled", details.Enabled);
        Line("Deployment", $"{details.Deployment} in {details.Directory}");
        Line("Runtime", details.Runtime);
        Line("Checkout", details.Composefs is { } digest ? $"composefs, fs-verity digest {digest}" : "hard links");
        Line("Installed", TimeText.Both(details.InstalledAt));
        Line("Auto-update", Reports.Word(details.AutoUpdate));
        if (details.Held is { } held)
        {
            Line(
                "Held",
                $"the update to {held.Digest}, which gained rights; {terminal.Typed($"'sysctr update {RightsText.Options(held.Classes)} {details.Name}'")} lets it through"
            );
            Lines("", RightsText.ClassLines(held.Rights));
        }

        if (details.Failed is { } failed)
        {
            Line(
                "Failed",
                $"the update to {failed.Digest}, at {failed.At.LocalDateTime:yyyy-MM-dd HH:mm}: {failed.Reason}; automatic updates pass it over, {terminal.Typed($"'sysctr update {details.Name}'")} tries it again"
            );
        }

        Lines("Rights", RightsText.ClassLines([.. details.Rights.Select(r => new Right(r.Class, r.Detail))]));
        Lines("Granted", details.Grants);
        Lines("Files", details.Files);
        Lines("State directories", details.StateDirectories);
        Lines("Declared by", details.Declared is { } declared ? [declared.File] : []);
        Lines("Unit lines", (details.Declared?.Lines ?? []).Select(l => $"[{l.Section}] {l.Key}={l.Value}"));
        Lines("Options", new ContainerSettings(details.Options).Words());
        Lines("Values", details.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}"));
        Lines("Labels", details.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));

        void Line(string label, string value) =>
            terminal.Result($"{(label.Length == 0 ? "" : label + ":"),-18} {value}");

        void Lines(string label, IEnumerable<string> values)
        {
            foreach (string value in values)
            {
                Line(label, value);
                label = "";
            }
        }
    }
}
