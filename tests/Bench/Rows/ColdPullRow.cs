// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Rows;

/// <summary>Two gzip layers, 91 MB packed, of which nothing is local; the floor is what gzip and tar alone
/// take.</summary>
sealed class ColdPullRow() : PullRow("cold-pull", "cold pull of two gzip layers: sysctr pull of podman pull", 0.25)
{
    private const string Image = "httpd";

    // The registry's blobs by curl, since none of the floor's two programs speaks to one.
    private const string Floor = """
        repository=http://127.0.0.1:5000/v2/httpd
        accept='Accept: application/vnd.oci.image.manifest.v1+json'
        mkdir -p /var/lib/bench/floor
        curl -sf -H "$accept" $repository/manifests/latest | python3 -c 'import json, sys; print(*(l["digest"] for l in json.load(sys.stdin)["layers"]))' |
            tr ' ' '\n' | while read -r digest; do curl -sf $repository/blobs/$digest | gzip -dc | tar -x -C /var/lib/bench/floor; done
        sync
        """;

    /// <inheritdoc/>
    protected override IReadOnlyList<Contestant> Contestants(BenchRun run) =>
        [
            new("sysctr pull", Steps.ClearSysctr, $"sysctr pull --quiet {Steps.Reference(Image)}", Steps.ClearSysctr),
            new(
                "podman pull",
                Steps.ClearPeers,
                $"{Steps.Podman} pull --quiet {Steps.Reference(Image)}",
                Steps.ClearPeers
            ),
            new("skopeo copy + umoci unpack", Steps.ClearPeers, Steps.Umoci(Image), Steps.ClearPeers),
            new("gzip -dc | tar -x; sync", Steps.ClearPeers, Floor, Steps.ClearPeers),
        ];
}
