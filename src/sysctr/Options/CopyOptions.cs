// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Options;

/// <summary>Options that verbs have which send images.</summary>
static class CopyOptions
{
    public static Option<bool> PreserveDigests() =>
        new("--preserve-digests") { Description = "Fail where the image would get another digest." };

    public static Option<bool> Offline() =>
        new("--offline")
        {
            Description =
                "Don't ask the source of an image of the store for its layers; pack them anew, with another digest.",
        };

    /// <summary>How layers are compressed, by the name that it has in podman or skopeo.</summary>
    public static Option<string?> Format(string name) =>
        new(name)
        {
            Description =
                "Compress layers anew: gzip, zstd, or zstd:chunked, of which only what changed is fetched. The image gets another digest; its ID stays.",
            HelpName = "FORMAT",
        };

    /// <summary>Tells of one image that was sent, to programs or people.</summary>
    public static void Print(Terminal terminal, TransferReport report, bool json)
    {
        if (json)
        {
            terminal.Json(Reports.ToJson(report));
        }
        else
        {
            Print(terminal, report);
        }
    }

    /// <summary>Says what was sent, and prints its digest.</summary>
    public static void Print(Terminal terminal, TransferReport report)
    {
        terminal.Note(
            $"{ImageText.Name(report.Destination)}: {(report.Images == 1 ? "" : $"{report.Images} images, ")}{(report is { Blobs: { } blobs, Bytes: { } bytes } ? $"{blobs} blobs sent ({ByteSize.Text(bytes)}), {report.Present} were there" : "is in the store")}{(report.Attached == 0 ? "" : $"; {report.Attached} attached to it")}"
        );
        if (report.Digest is { } digest)
        {
            terminal.Result(digest);
        }
    }
}
