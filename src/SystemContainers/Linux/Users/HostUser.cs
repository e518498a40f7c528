// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Users;

/// <summary>
/// An unprivileged user with containers and a systemd of their own, and where such a user's files are (XDG Base
/// Directory Specification; file-hierarchy(7), "Home directory").
/// </summary>
/// <param name="Name">The login name.</param>
/// <param name="Uid">The user's number outside of any namespace.</param>
/// <param name="Gid">The user's group.</param>
/// <param name="ConfigHome">$XDG_CONFIG_HOME, <c>~/.config</c>.</param>
/// <param name="DataHome">$XDG_DATA_HOME, <c>~/.local/share</c>.</param>
/// <param name="RuntimeDirectory">$XDG_RUNTIME_DIR, <c>/run/user/UID</c>.</param>
sealed record HostUser(
    string Name,
    uint Uid,
    uint Gid,
    string Home,
    string ConfigHome,
    string DataHome,
    string RuntimeDirectory
)
{
    /// <summary>Set inside the user's namespace, where every user looks like root; the value is the user's
    /// name.</summary>
    private const string Mark = "_SYSCTR_USER";

    /// <summary>Whether this process is in the user's namespace already.</summary>
    public static bool IsInNamespace { get; } =
        Libc.geteuid() == 0 && Environment.GetEnvironmentVariable(Mark) is { Length: > 0 };

    /// <summary>The ids of the user's namespace; this process is in it.</summary>
    public IdMap Ids => IdMap.OfThisProcess();

    /// <summary>Whether the user's systemd runs without a session, so that containers start at boot (loginctl(1),
    /// enable-linger).</summary>
    public bool Lingers => File.Exists($"/var/lib/systemd/linger/{Name}");

    /// <summary>The user that called.</summary>
    /// <exception cref="SysctrException">Usage: root did.</exception>
    public static HostUser OfCaller()
    {
        (uint uid, uint gid) = IsInNamespace
            ? (IdMap.OfThisProcess().UidOutside(0), IdMap.OfThisProcess().GidOutside(0))
            : (Libc.geteuid(), Libc.getegid());
        if (uid == 0)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                "--user: root's containers are the system's",
                "leave out --user, or call it as the user that they are for"
            );
        }

        string home = Variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return new HostUser(
            IsInNamespace ? Variable(Mark)! : Environment.UserName,
            uid,
            gid,
            home,
            Variable("XDG_CONFIG_HOME") ?? Path.Join(home, ".config"),
            Variable("XDG_DATA_HOME") ?? Path.Join(home, ".local/share"),
            Variable("XDG_RUNTIME_DIR") ?? $"/run/user/{uid.ToString(CultureInfo.InvariantCulture)}"
        );
    }

    /// <summary>
    /// Gives the environment, ours and the C library's, what a login would have put there: su(1), sudo(8) and cron(8)
    /// leave it out.
    /// </summary>
    /// <param name="inside">Whether a program inside the namespace will get it.</param>
    public void Export(bool inside)
    {
        Set("HOME", Home);
        Set("XDG_RUNTIME_DIR", RuntimeDirectory);
        if (inside)
        {
            Set(Mark, Name);
        }

        static void Set(string name, string value)
        {
            Environment.SetEnvironmentVariable(name, value);
            _ = Libc.setenv(name, value, 1);
        }
    }

    /// <summary>A variable that counts: relative paths do not (XDG Base Directory Specification).</summary>
    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value && (name == Mark || value.StartsWith('/'))
            ? value
            : null;
}
