// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;

namespace SystemContainers.Quadlet;

/// <summary>Options of podman's logs (podman-run(1), --log-opt), for what they are to its journald driver.</summary>
static class LogOption
{
    /// <summary>Reads <c>NAME=VALUE</c>.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="image">The image, for <c>{{.ImageName}}</c>.</param>
    /// <param name="name">The container, for <c>{{.Name}}</c>.</param>
    /// <param name="why">Why it can't be had; empty where it changes nothing.</param>
    /// <returns>What it is in the unit; null where it is nothing there.</returns>
    public static UnitLine? Read(string text, string image, string name, out string why)
    {
        string[] pair = text.Split('=', 2);
        why = "";
        switch (pair[0])
        {
            case "tag" when pair is [_, var tag]:
                string given = tag.Replace("{{.ImageName}}", image, StringComparison.Ordinal)
                    .Replace("{{.Name}}", name, StringComparison.Ordinal);
                if (given.Length == 0 || given.Any(char.IsControl))
                {
                    why = "it is empty, or has a control character";
                    return null;
                }

                if (given.Contains("{{", StringComparison.Ordinal))
                {
                    why =
                        "of podman's templates there are {{.ImageName}} and {{.Name}}; SyslogIdentifier= in [Service] is what it sets";
                    return null;
                }

                return Line("SyslogIdentifier", given);
            case "label" when pair is [_, var label]:
                string field = label.Split('=', 2)[0];
                if (
                    !label.Contains('=', StringComparison.Ordinal)
                    || field.Length == 0
                    || field[0] == '_'
                    || !field.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_')
                    || label.Any(char.IsControl)
                )
                {
                    why =
                        "it is FIELD=TEXT, and a field of the journal is capitals, digits and _ (systemd.journal-fields(7))";
                    return null;
                }

                return Line("LogExtraFields", label);
            default:
                return null;
        }

        static UnitLine Line(string key, string value) =>
            new("Service", key, UnitSections.Quoted(value, asPath: key == "LogExtraFields"));
    }
}
