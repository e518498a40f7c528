using System.Text.RegularExpressions;
using SystemContainers.Errors;

namespace SystemContainers.Render;

/// <summary>What a container may be called: a name that is safe as a file name and as the first part of a unit's name.</summary>
static partial class ContainerName
{
    /// <exception cref="SysctrException">Usage: it can't be the name of a unit and of a directory.</exception>
    public static void Check(string name)
    {
        if (!Valid().IsMatch(name))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"naming the container '{name.ReplaceLineEndings(" ")}': it has to become the name of a unit",
                "use letters, digits and - _ . : , beginning with a letter or digit, at most 128 characters");
        }
    }

    // systemd allows 255 characters with suffix and stem; '@' and '\' have meanings of their own there.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Valid();
}
