// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;

namespace SystemContainers.Pull.Auth;

/// <summary>Where credentials are looked for.</summary>
static class CredentialPaths
{
    /// <summary>The name of the file that Docker had before 1.7: what is <c>auths</c> now is all of it.</summary>
    public const string OldFile = ".dockercfg";

    /// <summary>
    /// The files in the order of containers-auth.json(5): <c>$REGISTRY_AUTH_FILE</c> alone where it is set; else what
    /// <c>podman login</c> and <c>docker login</c> of this user wrote. There is none for a whole host: none of these
    /// tools reads one in /etc.
    /// </summary>
    public static IReadOnlyList<string> OfUser() =>
        OfUser(Environment.GetEnvironmentVariable, Linux.Native.Libc.geteuid());

    /// <summary>
    /// Where a login is written: <c>$REGISTRY_AUTH_FILE</c>, or <c>~/.config/containers/auth.json</c>. podman takes the
    /// first of the files, which is gone with the session or the next boot; units that pull at night, or at boot, need
    /// one that stays, and podman reads it too.
    /// </summary>
    public static string Written(Func<string, string?> environment) =>
        environment("REGISTRY_AUTH_FILE") is { Length: > 0 } named
            ? Path.GetFullPath(named)
            : Path.Combine(CallerHome.Config(environment), "containers/auth.json");

    /// <summary>The same for an environment and a user ID.</summary>
    public static IReadOnlyList<string> OfUser(Func<string, string?> environment, uint uid)
    {
        if (Variable("REGISTRY_AUTH_FILE") is { } named)
        {
            return [named];
        }

        string home = CallerHome.Directory(environment);
        string runtime = Variable("XDG_RUNTIME_DIR") is { } xdg
            ? Path.Combine(xdg, "containers")
            : $"/run/containers/{uid}";
        return
        [
            Path.Combine(runtime, "auth.json"),
            Path.Combine(CallerHome.Config(environment), "containers/auth.json"),
            Path.Combine(Variable("DOCKER_CONFIG") ?? Path.Combine(home, ".docker"), "config.json"),
            Path.Combine(home, OldFile),
        ];

        string? Variable(string name) => environment(name) is { Length: > 0 } value ? value : null;
    }
}
