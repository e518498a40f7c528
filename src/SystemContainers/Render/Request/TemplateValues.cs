// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Templates;

namespace SystemContainers.Render.Request;

/// <summary>The values of all template variables of a container: which hold, and which texts may stand where.</summary>
sealed class TemplateValues
{
    private const string PidFileVariable = "PIDFILE";
    private const string RunDirectoryVariable = "RUN_DIRECTORY";
    private const string CapabilitiesVariable = "ALL_PROCESS_CAPABILITIES";
    private const string RegistryTransport = "docker://";

    private static readonly string[] s_forced =
    [
        "DESTDIR",
        "NAME",
        "EXEC_START",
        "EXEC_STOP",
        "EXEC_STARTPRE",
        "EXEC_STOPPOST",
        "HOST_UID",
        "HOST_GID",
        "IMAGE_ID",
        "IMAGE_NAME",
    ];

    private static readonly string[] s_computed =
    [
        RunDirectoryVariable,
        "STATE_DIRECTORY",
        "CONF_DIRECTORY",
        "UUID",
        PidFileVariable,
        CapabilitiesVariable,
        "RUNTIME",
        "ATOMIC",
    ];

    private readonly SortedDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ValueSource> _sources = new(StringComparer.Ordinal);

    private TemplateValues() { }

    /// <summary>Every variable with the text that holds, in ordinal order.</summary>
    public IReadOnlyDictionary<string, string> Texts => _texts;

    /// <summary>The text of a variable that is always there.</summary>
    public string this[string name] => _texts[name];

    /// <exception cref="SysctrException">Usage: a <c>--set</c> of a forced or unknown variable.</exception>
    public static TemplateValues Of(RenderRequest request)
    {
        CheckSet(request.Exports, request.Set);
        CheckPidFile(request);
        TemplateValues values = new();
        values.Add(
            ValueSource.Forced,
            new Dictionary<string, string>
            {
                ["DESTDIR"] = request.DestinationDirectory,
                ["NAME"] = request.Name,
                ["EXEC_START"] = request.Commands.Start,
                ["EXEC_STOP"] = request.Commands.Stop,
                ["EXEC_STARTPRE"] = request.Commands.StartPre,
                ["EXEC_STOPPOST"] = request.Commands.StopPost,
                ["HOST_UID"] = $"{request.Host.Uid}",
                ["HOST_GID"] = $"{request.Host.Gid}",
                // As the old tool gave them: without what says the algorithm and the transport, so that other tools
                // take them as words.
                ["IMAGE_ID"] = request.ImageId.Hex,
                ["IMAGE_NAME"] = request.ImageName.StartsWith(RegistryTransport, StringComparison.Ordinal)
                    ? request.ImageName[RegistryTransport.Length..]
                    : request.ImageName,
            }
        );
        values.Add(ValueSource.Set, request.Set);
        values.Add(ValueSource.Manifest, request.Exports.Manifest.DefaultValues);
        values.Add(
            ValueSource.Computed,
            new Dictionary<string, string>
            {
                [RunDirectoryVariable] = request.RunDirectory,
                ["STATE_DIRECTORY"] = request.StateDirectory,
                ["CONF_DIRECTORY"] = request.ConfDirectory,
                ["UUID"] = request.Uuid,
                [PidFileVariable] = PidFile(request),
                // Without brackets: published templates write them themselves, "bounding": [$ALL_PROCESS_CAPABILITIES].
                [CapabilitiesVariable] = string.Join(", ", request.Host.Capabilities.Select(c => $"\"{c}\"")),
                ["RUNTIME"] = request.RuntimePath,
                ["ATOMIC"] = request.ToolPath,
            }
        );
        foreach (string name in s_forced.Concat(s_computed).Except([CapabilitiesVariable], StringComparer.Ordinal))
        {
            // They stand in units and drop-ins of ours, whether or not a template mentions them.
            if (values._texts[name].Any(char.IsControl))
            {
                throw new SysctrException(
                    ErrorKind.Template,
                    $"rendering the container: the value of {name} has a control character such as a line break",
                    "values in a unit or tmpfiles are one line"
                );
            }
        }

        return values;
    }

    /// <summary>
    /// The runtime writes there, as root. An image may name a place in the run directory; <c>--set</c> names any, but
    /// what systemd would expand would be two places.
    /// </summary>
    private static void CheckPidFile(RenderRequest request)
    {
        bool isSet = request.Set.TryGetValue(PidFileVariable, out string? file);
        if (!isSet && !request.Exports.Manifest.DefaultValues.TryGetValue(PidFileVariable, out file))
        {
            return;
        }

        bool isPlain =
            file is ['/', ..]
            && !HostPath.LeadsUpwards(file!)
            && file.AsSpan().IndexOfAny("%\\\"'$") < 0
            && file!.Trim() == file;
        if (
            !isPlain
            || (
                !isSet
                && !HostPath.IsBelow(
                    HostPath.WithoutVarRun(HostPath.Absolute(file!)),
                    HostPath.Absolute(request.RunDirectory)
                )
            )
        )
        {
            throw new SysctrException(
                ErrorKind.Template,
                $"rendering the container: the value of {PidFileVariable} has to be {(isSet ? "a plain absolute path" : $"a plain path below {request.RunDirectory}")} (no control character, no % \\ \" ' $)",
                $"leave it out: then it is {request.RunDirectory}/container-{request.Name}.pid"
            );
        }
    }

    /// <summary>
    /// The values for a file of systemd's lines. Ours are texts: a <c>%</c> of a path or an image's name is no
    /// specifier. Commands are written for systemd already.
    /// </summary>
    public IReadOnlyDictionary<string, string> ForLines =>
        new SortedDictionary<string, string>(
            _texts.ToDictionary(
                t => t.Key,
                t => IsText(t.Key) ? t.Value.Replace("%", "%%", StringComparison.Ordinal) : t.Value,
                StringComparer.Ordinal
            ),
            StringComparer.Ordinal
        );

    private bool IsText(string name) =>
        _sources[name] == ValueSource.Computed
        || (_sources[name] == ValueSource.Forced && !name.StartsWith("EXEC_", StringComparison.Ordinal));

    /// <summary>The variables of an image that <c>--set</c> is for, with their defaults; null for one that has to be
    /// set.</summary>
    public static IReadOnlyDictionary<string, string?> Settable(ImageExports exports) =>
        new SortedDictionary<string, string?>(
            exports
                .Variables.Except(s_computed, StringComparer.Ordinal)
                .Union(exports.Manifest.DefaultValues.Keys, StringComparer.Ordinal)
                .Except(s_forced, StringComparer.Ordinal)
                .ToDictionary(v => v, v => exports.Manifest.DefaultValues.GetValueOrDefault(v), StringComparer.Ordinal),
            StringComparer.Ordinal
        );

    /// <summary>The file for the payload's process id, which the command lines have to name before anything is
    /// rendered.</summary>
    public static string PidFile(RenderRequest request) =>
        SetOrDefault(request, PidFileVariable)
        ?? $"{SetOrDefault(request, RunDirectoryVariable) ?? request.RunDirectory}/container-{request.Name}.pid";

    /// <summary>Whether a <c>--set</c> of the variable has any meaning for an image.</summary>
    public static bool IsKnown(ImageExports exports, string variable) =>
        !s_forced.Contains(variable, StringComparer.Ordinal) && Known(exports).Contains(variable);

    /// <summary>Whether sysctr alone gives the variable its value.</summary>
    public static bool IsForced(string variable) => s_forced.Contains(variable, StringComparer.Ordinal);

    /// <summary>Whether the variable has a value where nobody gives it one.</summary>
    public static bool IsComputed(string variable) => s_computed.Contains(variable, StringComparer.Ordinal);

    /// <summary>The variables that have no value unless the user sets them, in ordinal order.</summary>
    public static IEnumerable<string> Unset(ImageExports exports) =>
        exports.Variables.Where(v => !IsForced(v) && !IsComputed(v) && !exports.Manifest.DefaultValues.ContainsKey(v));

    /// <summary>
    /// Refuses values that would be more than a text in a file of lines: a control character (it could begin a line of
    /// its own), and in a unit a <c>%</c> that systemd would expand or a backslash that swallows the end of the line.
    /// </summary>
    /// <param name="file">The unit or tmpfiles template in which the values are about to be inserted.</param>
    /// <param name="specifiers">Whether a <c>%</c> means something there.</param>
    /// <exception cref="SysctrException">Template: names the file and the variable.</exception>
    public void CheckForLines(ExportFile file, bool specifiers = true)
    {
        foreach (string name in file.Variables)
        {
            if (
                _sources.TryGetValue(name, out ValueSource source)
                && Reason(_texts[name], source, specifiers) is { } reason
            )
            {
                throw new SysctrException(
                    ErrorKind.Template,
                    $"rendering {file.Path} of the image: the value of {name} {reason.Why}",
                    reason.Hint
                )
                {
                    Fault = new ImageFault(file.Path, $"the value of {name} {reason.Why}"),
                };
            }
        }
    }

    private static (string Why, string? Hint)? Reason(string text, ValueSource source, bool specifiers)
    {
        // A tab is a blank to both languages.
        if (text.Any(c => char.IsControl(c) && c != '\t'))
        {
            return ("has a control character such as a line break", "values in a unit or tmpfiles are one line");
        }

        if (source != ValueSource.Manifest && text.EndsWith('\\'))
        {
            return ("ends in a backslash, which would join it with the next line", null);
        }

        // What the image writes is meant to be systemd's language; what somebody sets is meant to be a text.
        return
            specifiers
            && source == ValueSource.Set
            && text.Replace("%%", "", StringComparison.Ordinal).Contains('%', StringComparison.Ordinal)
            ? ("has a '%', which systemd would expand", "write %% for a percent sign")
            : null;
    }

    /// <summary>What can be refused of a <c>--set</c> before anybody knows the image.</summary>
    /// <exception cref="SysctrException">Usage: a variable that no image can have set.</exception>
    public static void CheckSettable(IEnumerable<string> names)
    {
        foreach (string name in names.Order(StringComparer.Ordinal))
        {
            if (IsForced(name))
            {
                throw new SysctrException(ErrorKind.Usage, $"setting {name}: its value is always given by sysctr");
            }
        }
    }

    private static void CheckSet(ImageExports exports, IReadOnlyDictionary<string, string> set)
    {
        CheckSettable(set.Keys);
        SortedSet<string> known = Known(exports);
        string[] unknown = [.. set.Keys.Where(name => !known.Contains(name)).Order(StringComparer.Ordinal)];
        if (unknown.Length > 0)
        {
            known.ExceptWith(s_forced);
            throw new SysctrException(
                ErrorKind.Usage,
                $"setting {string.Join(", ", unknown)}: the image knows no such variable",
                $"it knows {string.Join(", ", known)}"
            );
        }
    }

    private static SortedSet<string> Known(ImageExports exports) =>
        new([.. exports.Variables, .. exports.Manifest.DefaultValues.Keys, .. s_computed], StringComparer.Ordinal);

    private static string? SetOrDefault(RenderRequest request, string name) =>
        request.Set.GetValueOrDefault(name) ?? request.Exports.Manifest.DefaultValues.GetValueOrDefault(name);

    /// <summary>Adds what nothing stronger has said yet.</summary>
    private void Add(ValueSource source, IReadOnlyDictionary<string, string> texts)
    {
        foreach ((string name, string text) in texts)
        {
            if (_texts.TryAdd(name, text))
            {
                _sources[name] = source;
            }
        }
    }
}
