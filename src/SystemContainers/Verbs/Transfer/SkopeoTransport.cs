// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Verbs.Transfer;

/// <summary>
/// Places that only containers/storage's and docker's own code can write or read: <c>containers-storage:</c>, and
/// <c>docker-daemon:</c> to write to. skopeo copies between them and an OCI layout of ours; its own policy.json rules
/// hold for what it reads from such a place.
/// </summary>
static class SkopeoTransport
{
    private const string Program = "skopeo";

    private static readonly string[] s_prefixes = ["containers-storage:", "docker-daemon:"];

    public static bool Is(string place) => Array.Exists(s_prefixes, p => place.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Has skopeo copy an image of such a place into a layout.</summary>
    /// <param name="place">As it was typed.</param>
    /// <param name="layout"><c>oci:DIR:TAG</c>.</param>
    /// <exception cref="SysctrException">Host: skopeo is not installed; Failed: it says why not.</exception>
    public static Task TakeAsync(string place, string layout, CancellationToken cancellation) =>
        RunAsync(place, ["copy", "--quiet", "--", place, layout], cancellation);

    /// <summary>Has skopeo copy a layout's image, which our policy allowed, into such a place.</summary>
    /// <inheritdoc cref="TakeAsync"/>
    public static Task PutAsync(string layout, string place, CancellationToken cancellation) =>
        RunAsync(place, ["--insecure-policy", "copy", "--quiet", "--", layout, place], cancellation);

    private static async Task RunAsync(string place, string[] arguments, CancellationToken cancellation)
    {
        string transport = place[..place.IndexOf(':', StringComparison.Ordinal)];
        ProcessResult result;
        try
        {
            result = await ProcessRunner.RunAsync(Program, arguments, cancellation);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Host)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"copying with {Redact.Text(place)}: the transport {transport}: needs skopeo, which is not installed",
                "install it ('apt install skopeo'), or go by an archive: 'podman save --format oci-archive' and oci-archive:FILE",
                e
            );
        }

        if (result.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Failed,
                $"copying with {Redact.Text(place)}: skopeo says: {Redact.Text(result.Error.Trim())}",
                $"'skopeo inspect {Redact.Text(place)}' may say more"
            );
        }
    }
}
