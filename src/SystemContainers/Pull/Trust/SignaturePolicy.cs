// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Trust;

/// <summary>
/// containers-policy.json(5): what has to be proved about an image before it may be pulled. Only <c>insecureAcceptAnything</c>
/// can be satisfied so far; whatever else applies to an image, a refusal or a signature, means that it is not pulled.
/// </summary>
/// <remarks>
/// A host without the file accepts everything, as if it held the one that distributions ship: the file comes with the
/// packages of podman and skopeo, and sysctr needs neither. A file that can't be read or understood accepts nothing.
/// </remarks>
sealed partial class SignaturePolicy
{
    /// <summary>Where administrators write it.</summary>
    public const string HostPath = "/etc/containers/policy.json";

    private const string AcceptAnything = "insecureAcceptAnything";

    private readonly string _path;
    private readonly IReadOnlyList<string> _default;
    private readonly Dictionary<(string Transport, string Scope), IReadOnlyList<string>> _scopes;

    private SignaturePolicy(
        string path,
        IReadOnlyList<string> defaults,
        Dictionary<(string Transport, string Scope), IReadOnlyList<string>> scopes)
    {
        _path = path;
        _default = defaults;
        _scopes = scopes;
    }

    /// <summary>Another policy that has to allow an image as well; null where there is none.</summary>
    private SignaturePolicy? Also { get; init; }

    /// <summary>Throws unless the image may be pulled.</summary>
    /// <param name="reference">The logical name: a mirror does not change who must have signed.</param>
    /// <exception cref="SysctrException">Policy: it may not.</exception>
    public void Check(ImageReference reference)
    {
        if (reference.Transport == ImageTransport.Builtin)
        {
            // Who runs sysctr has trusted it.
            return;
        }

        foreach ((IReadOnlyList<string> types, string scope) in Applying(reference))
        {
            // All requirements of a list must hold.
            if (types.FirstOrDefault(t => t != AcceptAnything) is { } type)
            {
                string why = type == "reject"
                    ? "it is rejected"
                    : $"it must be signed ({type}), and sysctr can't check signatures yet";
                throw new SysctrException(
                    ErrorKind.Policy,
                    $"pulling {reference.Identity}: {why}, says {_path} for {scope}",
                    $"allow it there with {AcceptAnything} for a scope that holds this image only; see containers-policy.json(5)");
            }
        }

        Also?.Check(reference);
    }

    /// <summary>
    /// The most specific list for the image. Several where it has a tag and a digest, which are two identities; and where a layout's
    /// directory and a tag in it have one: the man page knows such scopes and skopeo passes over them, so both have to hold.
    /// </summary>
    private IEnumerable<(IReadOnlyList<string> Types, string Scope)> Applying(ImageReference reference)
    {
        (string transport, string[] identities, string[] namespaces) = Scopes(reference);
        string[] exact = [.. identities.Where(i => _scopes.ContainsKey((transport, i)))];
        bool decided = exact.Length > 0 && reference.Transport is not (ImageTransport.OciLayout or ImageTransport.OciArchive);
        string[] scopes = [.. exact, .. namespaces.Append("").Where(n => !decided && _scopes.ContainsKey((transport, n))).Take(1)];
        return scopes.Length == 0
            ? [(_default, "default")]
            : scopes.Select(s => (_scopes[(transport, s)], s.Length == 0 ? $"all of {transport}:" : s))
                .Concat(scopes.Length == exact.Length && !decided ? [(_default, "default")] : []);
    }

    /// <summary>What containers-policy.json(5), "Supported transports and their scopes", has for each.</summary>
    private static (string Transport, string[] Identities, string[] Namespaces) Scopes(ImageReference reference) => reference.Transport switch
    {
        ImageTransport.Docker => ("docker", DockerIdentities(reference), [.. DockerNamespaces(reference)]),
        ImageTransport.OciLayout => ("oci", OciIdentities(reference), OciNamespaces(reference)),
        ImageTransport.Directory => ("dir", [], OciNamespaces(reference)),
        ImageTransport.OciArchive => ("oci-archive", OciIdentities(reference), OciNamespaces(reference)),

        // The names in an archive are its author's own and prove nothing; so only the scope of all archives is there.
        ImageTransport.DockerArchive => ("docker-archive", [], []),
        ImageTransport.DockerDaemon when reference.ImageId is not null => ("docker-daemon", [], []),
        _ => ("docker-daemon", DockerIdentities(reference), [.. DockerNamespaces(reference)]),
    };

    private static string[] DockerIdentities(ImageReference reference)
    {
        List<string> identities = [];
        if (reference.Tag is { } tag)
        {
            identities.Add($"{reference.Name}:{tag}");
        }

        if (reference.Digest is { } digest)
        {
            identities.Add($"{reference.Name}@{digest}");
        }

        return [.. identities];
    }

    private static IEnumerable<string> DockerNamespaces(ImageReference reference)
    {
        for (string name = reference.Name; ; name = name[..name.LastIndexOf('/')])
        {
            yield return name;
            if (!name.Contains('/', StringComparison.Ordinal))
            {
                break;
            }
        }

        // Without the port, as in containers/image: *.example.com holds reg.example.com:5000.
        string host = reference.Registry.Split(':')[0];
        for (int dot = host.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = host.IndexOf('.', StringComparison.Ordinal))
        {
            host = host[(dot + 1)..];
            yield return "*." + host;
        }
    }

    private static string[] OciIdentities(ImageReference reference) =>
        [$"{RealPath.Of(reference.FilePath)}:{reference.Tag}"];

    /// <summary>The directory and those above it. The root is no scope: the man page wants the transport's default for that.</summary>
    private static string[] OciNamespaces(ImageReference reference)
    {
        List<string> scopes = [];
        for (string path = RealPath.Of(reference.FilePath); path.Length > 1; path = path[..path.LastIndexOf('/')])
        {
            scopes.Add(path);
        }

        return [.. scopes];
    }
}
