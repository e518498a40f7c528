// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Users;

/// <summary>
/// Where the calling user's own files are (XDG Base Directory Specification). At boot and from cron there is no
/// <c>$HOME</c>: then passwd(5) says where, as Go's programs do, so that root's files are found there, too.
/// </summary>
static class CallerHome
{
    /// <summary><c>$HOME</c>, or what passwd(5) says.</summary>
    public static string Directory(Func<string, string?> environment) =>
        Absolute(environment, "HOME")
        ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) switch
        {
            { Length: > 0 } home => home,
            _ => "/root",
        };

    /// <summary><c>$XDG_CONFIG_HOME</c>, or <c>~/.config</c>.</summary>
    public static string Config(Func<string, string?> environment) =>
        Absolute(environment, "XDG_CONFIG_HOME") ?? Path.Join(Directory(environment), ".config");

    /// <summary><c>$XDG_CACHE_HOME</c>, or <c>~/.cache</c>.</summary>
    public static string Cache(Func<string, string?> environment) =>
        Absolute(environment, "XDG_CACHE_HOME") ?? Path.Join(Directory(environment), ".cache");

    /// <summary>A variable with an absolute path; others do not count.</summary>
    private static string? Absolute(Func<string, string?> environment, string name) =>
        environment(name) is ['/', ..] path ? path : null;
}
