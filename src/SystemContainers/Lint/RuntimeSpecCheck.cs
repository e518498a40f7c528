// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using SystemContainers.Lint.Json;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>Holds a config.json against <see cref="RuntimeSpecShape"/>: wrong types and values are errors, unknown
/// members warnings.</summary>
sealed class RuntimeSpecCheck(LintedFile config, LintFindings findings)
{
    private bool _toldOfRules;

    public void Run(LocatedJson document) => Check(document, RuntimeSpecShape.Document, "");

    private void Check(LocatedJson value, SpecShape shape, string name)
    {
        if (name == "process.capabilities" && value.Kind == JsonValueKind.Array)
        {
            Warn(
                value,
                $"{name} is one array, as before runtime-spec 1.0; sysctr turns it into the sets that runtimes take today"
            );
            return;
        }

        if (
            value is { Kind: JsonValueKind.String, Text: "" }
            && (name == "linux.rootfsPropagation" || IsNamespacePath(name))
        )
        {
            Note(value, $"{name} is empty, which is as if it were not there");
            return;
        }

        if (IsRuleOfOneCall(value, name))
        {
            if (!_toldOfRules)
            {
                Warn(
                    value,
                    $"{name} has a name, as before runtime-spec 1.0.0-rc5; sysctr turns it, and all others that do, into the names that runtimes read today"
                );
            }

            _toldOfRules = true;
            return;
        }

        if (name == "linux.seccomp" && value["defaultAction"] is { Kind: JsonValueKind.String, Text: "" })
        {
            Note(value, $"{name} has an empty defaultAction: no system call is filtered");
            return;
        }

        switch (shape.Type)
        {
            case SpecType.Object when Is(value, name, "an object", JsonValueKind.Object):
                CheckMembers(value, shape, name);
                break;
            case SpecType.Map when Is(value, name, "an object", JsonValueKind.Object):
                foreach ((string key, LocatedJson member) in value.Members)
                {
                    Check(member, shape.Item!, $"{name}.{key}");
                }

                break;
            case SpecType.List when Is(value, name, "an array", JsonValueKind.Array):
                for (int i = 0; i < value.Items.Count; i++)
                {
                    Check(value.Items[i], shape.Item!, $"{name}[{i}]");
                }

                break;
            case SpecType.Text when Is(value, name, "a string", JsonValueKind.String):
                CheckText(value, shape, name);
                break;
            case SpecType.Path when Is(value, name, "a string", JsonValueKind.String):
                if (!value.Text.StartsWith('/'))
                {
                    Fail(value, $"{name} has to be an absolute path, not '{value.Text}'");
                }

                break;
            case SpecType.Flag:
                _ = Is(value, name, "a boolean", JsonValueKind.True, JsonValueKind.False);
                break;
            case SpecType.Number when Is(value, name, "a number", JsonValueKind.Number):
                CheckNumber(value, shape, name);
                break;
        }
    }

    private static bool IsNamespacePath(string name) =>
        name.StartsWith("linux.namespaces[", StringComparison.Ordinal)
        && name.EndsWith("].path", StringComparison.Ordinal);

    private static bool IsRuleOfOneCall(LocatedJson value, string name) =>
        name.StartsWith("linux.seccomp.syscalls[", StringComparison.Ordinal)
        && name.EndsWith(']')
        && value.Kind == JsonValueKind.Object
        && value["names"] is null
        && value["name"] is { Kind: JsonValueKind.String };

    private void CheckMembers(LocatedJson value, SpecShape shape, string name)
    {
        string prefix = name.Length == 0 ? "" : name + ".";
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((string member, LocatedJson found) in value.Members)
        {
            if (!seen.Add(member))
            {
                Fail(found, $"{prefix}{member} is there twice; runtimes differ in which one they take");
            }

            if (name.Length == 0 && member == "platform")
            {
                Note(found, "platform was in the runtime-spec before 1.0; runtimes pass over it");
            }
            else if (!shape.Members.TryGetValue(member, out SpecShape? known))
            {
                Warn(found, $"{prefix}{member} is not in the runtime-spec{Similar(member, shape)}");
            }
            else if (found.Kind != JsonValueKind.Null)
            {
                // Null counts as missing, as it does in Go.
                Check(found, known, prefix + member);
            }
        }

        foreach (string missing in shape.Required.Where(r => value[r] is null))
        {
            if (name.Length == 0 && missing == "ociVersion")
            {
                Warn(value, "ociVersion is missing; sysctr adds it, for crun wants it");
                continue;
            }

            Fail(value, $"{prefix}{missing} is missing");
        }
    }

    private void CheckText(LocatedJson value, SpecShape shape, string name)
    {
        if (
            shape.Values.Count > 0
            && !shape.Values.Any(v =>
                v.EndsWith('*') ? value.Text.StartsWith(v[..^1], StringComparison.Ordinal) : v == value.Text
            )
        )
        {
            Fail(
                value,
                $"{name} has to be {(shape.Values.Count > 1 ? "one of " : "")}{string.Join(", ", shape.Values)}, not '{value.Text}'"
            );
        }
    }

    private void CheckNumber(LocatedJson value, SpecShape shape, string name)
    {
        if (
            !decimal.TryParse(
                value.Text,
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out decimal number
            )
            || number < shape.Least
            || number > shape.Most
        )
        {
            Fail(value, $"{name} has to be an integer from {shape.Least} to {shape.Most}, not {value.Text}");
        }
    }

    private bool Is(LocatedJson value, string name, string wanted, params ReadOnlySpan<JsonValueKind> kinds)
    {
        if (kinds.Contains(value.Kind))
        {
            return true;
        }

        Fail(
            value,
            $"{(name.Length == 0 ? "the document" : name)} has to be {wanted}, not {ExportJson.Name(value.Kind)}"
        );
        return false;
    }

    // The commonest slip is the case of a letter, and Go's decoder, unlike others, passes over it.
    private static string Similar(string member, SpecShape shape) =>
        shape.Members.Keys.FirstOrDefault(k => k.Equals(member, StringComparison.OrdinalIgnoreCase)) is { } known
            ? $"; it has {known}"
            : "";

    private void Fail(LocatedJson value, string text) => findings.Error(config.Path, config.At(value.Position), text);

    private void Note(LocatedJson value, string text) => findings.Note(config.Path, config.At(value.Position), text);

    private void Warn(LocatedJson value, string text) => findings.Warning(config.Path, config.At(value.Position), text);
}
