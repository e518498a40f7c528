// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Cdi;

/// <summary>
/// The specifications of devices that a host has. What an administrator or a driver's package put below /etc gives way
/// to what was made at boot below /run; two that say the same device with the same right say nothing of it.
/// </summary>
sealed class CdiSpecs
{
    /// <summary>What a driver for many devices needs is some hundred kilobytes.</summary>
    private const int MaxFileBytes = 8 << 20;

    /// <summary>Those of the interface (SPEC.md; /var/run is /run), those with less to say first.</summary>
    private static readonly string[] s_directories = ["/etc/cdi", "/run/cdi"];

    private readonly List<(CdiSpec Spec, int Priority)> _specs = [];
    private readonly List<(string File, string Why)> _faults = [];

    private CdiSpecs() { }

    /// <summary>Reads those of a system.</summary>
    /// <param name="root">Where it is; <c>/</c> for the host that we run on.</param>
    public static CdiSpecs Read(string root)
    {
        CdiSpecs specs = new();
        foreach ((int priority, string directory) in s_directories.Index())
        {
            string here = root == "/" ? directory : RootedPath.Resolve(root, directory, followLast: true);
            foreach (string name in specs.Names(here, directory))
            {
                specs.Read(root, Path.Join(directory, name), priority);
            }
        }

        return specs;
    }

    /// <summary>Files of a directory; none where it is not there, or may not be read.</summary>
    private string[] Names(string here, string directory)
    {
        try
        {
            return Directory.Exists(here)
                ?
                [
                    .. Directory
                        .EnumerateFiles(here)
                        .Select(f => Path.GetFileName(f))
                        .Where(n => Path.GetExtension(n) is ".json" or ".yaml")
                        .Order(StringComparer.Ordinal),
                ]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _faults.Add((directory, e.Message));
            return [];
        }
    }

    /// <summary>What devices change, in order; what all devices of a specification share comes once, before the first
    /// of them.</summary>
    /// <param name="names">The devices.</param>
    /// <returns>Each with the file that says it.</returns>
    /// <exception cref="SysctrException">NotFound: none describes one of them, with the faults of those that can't be
    /// read; Conflict: two do with the same right.</exception>
    public IReadOnlyList<(string File, CdiEdits Edits)> Resolve(IReadOnlyList<string> names)
    {
        List<(string, CdiEdits)> all = [];
        HashSet<CdiSpec> shared = [];
        foreach (CdiName name in names.Select(CdiName.Parse))
        {
            CdiSpec spec = Find(name);
            if (shared.Add(spec))
            {
                all.Add((spec.File, spec.Edits));
            }

            all.Add((spec.File, spec.Devices[name.Device]));
        }

        return all;
    }

    private CdiSpec Find(CdiName name)
    {
        (CdiSpec Spec, int Priority)[] all =
        [
            .. _specs.Where(s => s.Spec.Kind == name.Kind && s.Spec.Devices.ContainsKey(name.Device)),
        ];
        CdiSpec[] best = [.. all.Where(s => s.Priority == all.Max(a => a.Priority)).Select(s => s.Spec)];
        return best switch
        {
            [var only] => only,
            [var one, var other, ..] => throw new SysctrException(
                ErrorKind.Conflict,
                $"looking for the device {name}: both {one.File} and {other.File} describe it",
                "remove one of the two files"
            ),
            _ => throw Unknown(name),
        };
    }

    private SysctrException Unknown(CdiName name)
    {
        string[] others =
        [
            .. _specs
                .Where(s => s.Spec.Kind == name.Kind)
                .SelectMany(s => s.Spec.Devices.Keys)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
        string why =
            others.Length > 0
                ? $"{name.Kind} has {string.Join(", ", others)} here"
                : $"no specification below {string.Join(" and ", s_directories)} is of the kind {name.Kind}";
        string faults = string.Concat(_faults.Select(f => $"; {f.File} can't be read: {f.Why}"));
        return new SysctrException(
            ErrorKind.NotFound,
            $"looking for the device {name}: {why}{faults}",
            "the driver's own program makes the specification, such as 'nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml'"
        );
    }

    private void Read(string root, string file, int priority)
    {
        try
        {
            if (BoundedFile.ReadText(root, file, MaxFileBytes) is { } text)
            {
                _specs.Add((CdiSpecReader.Read(file, text), priority));
            }
        }
        catch (Exception e)
            when (e
                    is SysctrException
                        or IOException
                        or UnauthorizedAccessException
                        or FormatException
                        or InvalidOperationException
            )
        {
            // The last one is of half a surrogate pair in a string of JSON.
            _faults.Add((file, OneLine.Of(e.Message)));
        }
    }
}
