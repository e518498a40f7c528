// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;

namespace SystemContainers.Render;

/// <summary>The commands of a unit that make a network of its own and take it away: with all of root's rights, whatever
/// the unit's sandbox leaves (systemd.service(5), <c>+</c>).</summary>
static class NetworkCommands
{
    /// <summary>Makes it.</summary>
    /// <param name="tool">Absolute path of sysctr on the host.</param>
    /// <param name="bundle">DESTDIR.</param>
    /// <param name="name">The container, or the pod.</param>
    /// <param name="instantiated">The unit is made anew for each instance.</param>
    public static string Up(string tool, string bundle, string name, bool instantiated = false) =>
        "+"
        + CommandLine.Of(tool, "launch", "network-up")
        + Instance(instantiated)
        + " "
        + CommandLine.Arguments($"--bundle={bundle}", name);

    /// <inheritdoc cref="Up"/>
    /// <summary>Takes it away.</summary>
    public static string Down(string tool, string name, bool instantiated = false) =>
        "+" + CommandLine.Of(tool, "launch", "network-down") + Instance(instantiated) + " " + CommandLine.Word(name);

    private static string Instance(bool instantiated) => instantiated ? " --instance=%i" : "";
}
