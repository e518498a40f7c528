// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet;

/// <summary>Options of podman's logs (podman-run(1), --log-opt), for what they are to its journald driver.</summary>
static class LogOption
{
    /// <summary>Reads <c>NAME=VALUE</c>.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="image">The image, for <c>{{.ImageName}}</c>.</param>
    /// <param name="name">The container, for <c>{{.Name}}</c>.</param>
    /// <param name="why">Why it can't be had; empty where it changes nothing.</param>
    /// <returns>The name under which lines stand in the journal; null where it says another thing.</returns>
    public static string? Read(string text, string image, string name, out string why)
    {
        string[] pair = text.Split('=', 2);
        why = "";
        switch (pair[0])
        {
            case "tag" when pair is [_, var tag]:
                string given = tag.Replace("{{.ImageName}}", image, StringComparison.Ordinal).Replace("{{.Name}}", name, StringComparison.Ordinal);
                if (given.Length == 0 || given.Any(char.IsControl))
                {
                    why = "it is empty, or has a control character";
                    return null;
                }

                if (given.Contains("{{", StringComparison.Ordinal))
                {
                    why = "of podman's templates there are {{.ImageName}} and {{.Name}}; SyslogIdentifier= in [Service] is what it sets";
                    return null;
                }

                return given;
            case "label":
                why = "a unit's own fields in the journal are LogExtraFields= in [Service]";
                return null;
            default:
                return null;
        }
    }
}
