// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Requests;

namespace SystemContainers.Quadlet;

/// <summary>An .image file: an image that is fetched when files are applied.</summary>
/// <param name="Image">As install takes it.</param>
/// <param name="Pull">When its registry is asked.</param>
sealed record ImageFile(QuadletUnit Unit, string Image, PullPolicy Pull)
{
    public const string Section = "Image";

    private const string OfHost =
        "who may fetch what is the host's to say, in containers-auth.json(5), containers-registries.conf(5) and containers-certs.d(5)";

    private const string OnePlatform = "an image is fetched for this host's own platform";

    private const string Tries = "sysctr tries a fetch again by itself, and goes on where it broke off";

    private const string TlsVerify = "TLSVerify";

    /// <summary>Keys that change nothing, and why.</summary>
    private static readonly (string Key, string Why)[] s_idle =
    [
        ("Retry", Tries),
        ("RetryDelay", Tries),
        ("ServiceName", "an image has no unit: it is fetched when files are applied"),
    ];

    /// <summary>Keys that are taken.</summary>
    public static IReadOnlyCollection<string> Known { get; } =
    ["Image", "ImageTag", "Policy", "Retry", "RetryDelay", "ServiceName", TlsVerify];

    /// <summary>Keys that can't be had.</summary>
    public static IReadOnlyDictionary<string, string> Refused { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AllTags"] = "name each image that is needed",
            ["Arch"] = OnePlatform,
            ["AuthFile"] = OfHost,
            ["CertDir"] = OfHost,
            ["Creds"] = OfHost,
            ["DecryptionKey"] = "sysctr reads no encrypted layers",
            ["OS"] = OnePlatform,
            ["Variant"] = OnePlatform,
        };

    public static ImageFile Read(QuadletUnit unit, QuadletHost host, QuadletFaults faults)
    {
        SectionKeys.Check(unit, Section, Known, [], Refused, faults);
        QuadletValue? image = unit.Last(Section, "Image");
        string name = "";
        if (image is null or { Text: "" })
        {
            faults.Add(unit.Place, $"[{Section}] has no Image=");
        }
        else
        {
            try
            {
                ExpandedWord expanded = new QuadletExpansion(unit, unit.Stem, host).Expand(image.Text);
                name = expanded.Text;
                if (expanded.Unset.Count > 0 && host.LooksAtHost)
                {
                    faults.Add(image.Place, $"Image=: no variable {expanded.Unset[0]} is set by systemd");
                }
            }
            catch (FormatException e)
            {
                faults.Add(image.Place, $"Image=: {e.Message}");
            }
        }

        foreach ((string idle, string why) in s_idle)
        {
            if (unit.Last(Section, idle) is { Text.Length: > 0 } value)
            {
                faults.Note(value.Place, $"{idle}=: {why}");
            }
        }

        // A registry is verified unless registries.conf says that it is insecure.
        if (unit.Last(Section, TlsVerify) is { Text.Length: > 0 } verify && !SectionKeys.Yes(verify, TlsVerify, faults))
        {
            faults.Add(
                verify.Place,
                $"{TlsVerify}={verify.Text}: {OfHost}",
                "leave it out, and write insecure = true for the registry into registries.conf"
            );
        }

        if (unit.Last(Section, "ImageTag") is { Text.Length: > 0 } tag && tag.Text != image?.Text)
        {
            faults.Add(
                tag.Place,
                $"ImageTag={tag.Text}: an image keeps the name that it was fetched by",
                "leave it out, or write the name of Image="
            );
        }

        PullPolicy pull = PullPolicy.Missing;
        if (unit.Last(Section, "Policy") is { Text.Length: > 0 } policy)
        {
            if (PullOf(policy.Text) is { } known)
            {
                pull = known;
            }
            else
            {
                faults.Add(policy.Place, $"Policy={policy.Text}: it is missing, always, newer or never");
            }
        }

        return new ImageFile(unit, name, pull);
    }

    /// <summary>A word of podman's for when a registry is asked; null where it is none. Always fetches what is newer,
    /// and nothing else.</summary>
    public static PullPolicy? PullOf(string word) =>
        word switch
        {
            "missing" => PullPolicy.Missing,
            "always" or "newer" => PullPolicy.Always,
            "never" => PullPolicy.Never,
            _ => null,
        };
}
