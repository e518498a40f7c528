// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>Puts a service together with the one that it extends: mappings entry by entry, lists one behind the other,
/// other values the nearer one.</summary>
/// <param name="files">Reads further files.</param>
sealed class ComposeExtends(ComposeFile files)
{
    private const int MaxDepth = 16;
    private const string Key = "extends";

    /// <param name="service">As its file has it.</param>
    /// <param name="root">The file that it stands in.</param>
    /// <exception cref="SysctrException">What it extends is not there, or it extends itself.</exception>
    public YamlMap Resolve(string name, YamlMap service, YamlMap root) => Resolve(name, service, root, 0);

    private YamlMap Resolve(string name, YamlMap service, YamlMap root, int depth)
    {
        YamlNode? extends = service.Find(Key);
        if (extends is null or YamlScalar { IsNull: true })
        {
            return service;
        }

        string? file = (extends as YamlMap)?.Find("file") is YamlScalar other ? other.Text : null;
        string wanted = extends is YamlScalar plain
            ? plain.Text
            : ((extends as YamlMap)?.Find("service") as YamlScalar)?.Text ?? "";
        if (depth > MaxDepth)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {extends.Place}: {name} extends itself, or too many");
        }

        YamlMap from =
            file is null ? root
            : file.Contains('\0', StringComparison.Ordinal)
                ? throw new SysctrException(ErrorKind.Usage, $"reading {extends.Place}: it is no name of a file")
            : files.Read(new YamlSource(Path.GetFullPath(file, extends.Source.Directory), file));
        if ((from.Find("services") as YamlMap)?.Find(wanted) is not YamlMap found)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading {extends.Place}: {name} extends the service '{wanted}', and {from.Source.Shown} has none",
                "write extends: {file: FILE, service: NAME}"
            );
        }

        YamlMap near = new(service.Source, service.Line, [.. service.Entries.Where(e => e.Key.Text != Key)]);
        return ComposeMerge.OfService(Resolve(wanted, found, from, depth + 1), near);
    }
}
