// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using SystemContainers.Errors;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>A compose file as files: one for each service, and those of networks and volumes that services
/// name.</summary>
static class ComposeConversion
{
    private static readonly string[] s_suffixes = [".yaml", ".yml"];

    /// <exception cref="SysctrException">NotFound: a file is not there; Usage: it is no compose file, or a variable
    /// that it demands is not set.</exception>
    public static ConvertedFiles Translate(ComposeRequest request)
    {
        YamlSource source = ComposeFile.Find(request.File);
        return Translate(request, source, ComposeFile.ReadText(source.Path, source.Shown));
    }

    internal static ConvertedFiles Translate(ComposeRequest request, YamlSource source, string text)
    {
        ConvertedFiles files = new(request.IsUser);
        Dictionary<string, string> variables = Variables(source, request);
        string? Lookup(string name) => variables.GetValueOrDefault(name);
        ComposeFile reader = new(Lookup, files.Note);
        YamlMap whole = new ComposeInclude(files, Lookup).Resolve(reader.Parse(source, text));
        YamlMap root = (YamlMap)ComposeMerge.Settled(whole);
        string name = Normalized(
            request.Name
                ?? Lookup("COMPOSE_PROJECT_NAME")
                ?? ComposeValues.Text(root.Find("name"))
                ?? Path.GetFileName(source.Directory)
        );
        ComposeProject project = new(root, name, files, Lookup);
        Top(root, files);
        string[] profiles =
        [
            .. request.Profiles,
            .. request.Profiles.Count == 0 && Lookup("COMPOSE_PROFILES") is { } of
                ? of.Split(',', StringSplitOptions.RemoveEmptyEntries)
                : [],
        ];
        ComposeExtends extends = new(reader);
        List<(string Name, YamlMap Keys)> services = [];
        foreach ((YamlScalar key, YamlNode value) in (whole.Find("services") as YamlMap)?.Entries ?? [])
        {
            if (value.Tag == ComposeMerge.Reset)
            {
                continue;
            }

            if (value is not YamlMap keys)
            {
                files.Lose($"{value.Place}: {key.Text}", "it is no service", "a service has image: and further keys");
                continue;
            }

            keys = (YamlMap)ComposeMerge.Settled(extends.Resolve(key.Text, keys, whole));
            string[] own =
            [
                .. (keys.Find("profiles") is { } said ? ComposeValues.Texts(said) ?? [] : []).Select(p => p.Text),
            ];
            if (
                own.Length > 0
                && !own.Intersect(profiles, StringComparer.Ordinal).Any()
                && !profiles.Contains("*", StringComparer.Ordinal)
            )
            {
                files.Note(
                    $"{key.Place}: {key.Text}",
                    $"left out, for it is of the profile{(own.Length > 1 ? "s" : "")} {string.Join(", ", own)}; --profile {own[0]} takes it"
                );
                continue;
            }

            string container = ComposeService.ContainerName(name, key.Text, keys);
            if (files.Find(container + ".container") is not null)
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading {key.Place}: another service makes a container {container}, too",
                    "give one of them another container_name"
                );
            }

            project.Containers[key.Text] = files.Add(
                container + ".container",
                $"{container}.container: service '{key.Text}' of {source.Shown}, written by 'sysctr from compose'."
            );
            services.Add((key.Text, keys));
        }

        if (services.Count == 0 && files.Findings.Count == 0)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading {source.Shown}: it has no services",
                "it begins with 'services:'"
            );
        }

        List<(string Service, string Condition)> awaited = [];
        foreach ((string service, YamlMap keys) in services)
        {
            ComposeService converted = new(project, service, keys);
            converted.Convert();
            awaited.AddRange(converted.Awaited);
        }

        foreach ((string service, string condition) in awaited)
        {
            Await(project.Containers[service], service, condition);
        }

        files.TakeOutRefused();
        return files;
    }

    /// <summary>A unit that others wait for is ready when they may begin.</summary>
    private static void Await(ConvertedFile file, string service, string condition)
    {
        if (condition == "service_healthy")
        {
            file.Key("Notify", "healthy", $"{service}: service_healthy");
        }
        else if (condition == "service_completed_successfully")
        {
            file.OnlyLine("Service", "Type", "oneshot", $"{service}: {condition}");
            file.OnlyLine("Service", "RemainAfterExit", "yes", $"{service}: {condition}");
        }
    }

    /// <summary>Those of <c>.env</c> beside the file, and over them the caller's.</summary>
    private static Dictionary<string, string> Variables(YamlSource source, ComposeRequest request)
    {
        Dictionary<string, string> variables = new(request.Environment, StringComparer.Ordinal);
        string file = Path.Join(source.Directory, ".env");
        if (!File.Exists(file))
        {
            return variables;
        }

        try
        {
            foreach (
                (string name, string? value) in DotEnv.Parse(
                    ComposeFile.ReadText(file, file),
                    n => request.Environment.GetValueOrDefault(n)
                )
            )
            {
                if (value is not null && !request.Environment.ContainsKey(name))
                {
                    variables[name] = value;
                }
            }
        }
        catch (FormatException e)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {file}: {e.Message}", inner: e);
        }

        return variables;
    }

    /// <summary>Keys at the top.</summary>
    private static void Top(YamlMap root, ConvertedFiles files)
    {
        foreach ((YamlScalar key, YamlNode value) in root.Entries)
        {
            string place = $"{key.Place}: {key.Text}";
            switch (key.Text)
            {
                case "version" or "name" or "services" or "networks" or "volumes" or "configs" or "secrets":
                    break;
                case var other when other.StartsWith("x-", StringComparison.Ordinal):
                    break;
                default:
                    files.Lose(place, "it is no key of a compose file here", null);
                    break;
            }
        }

        string stem = Path.GetFileNameWithoutExtension(root.Source.Path);
        foreach (
            string beside in s_suffixes
                .Select(e => Path.Join(root.Source.Directory, $"{stem}.override{e}"))
                .Where(File.Exists)
        )
        {
            files.Note(beside, "it is not read, unless include names both (include: [{path: [FILE, OVERRIDE]}])");
        }
    }

    /// <summary>As compose makes a project's name of a directory's.</summary>
    private static string Normalized(string name)
    {
        string plain = new([
            .. name.ToLowerInvariant()
                .Where(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-'),
        ]);
        return plain.TrimStart('_', '-') is { Length: > 0 } found ? found : "compose";
    }
}
