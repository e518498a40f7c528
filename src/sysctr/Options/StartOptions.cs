// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Requests;
using SystemContainers.Target;

namespace SystemContainers.Cli.Options;

/// <summary><c>--settle</c> and <c>--no-healthcheck</c>, which install, update and rollback share.</summary>
static class StartOptions
{
    private static readonly Option<double?> s_settle = new("--settle")
    {
        Description = "How long a unit has to stay up after its start (default 5, or sysctr.toml's); 0 for not at all.",
        HelpName = "SECONDS",
    };

    private static readonly Option<bool> s_noHealthcheck = new("--no-healthcheck")
    {
        Description = "Leave out the health check that the image asks for.",
    };

    public static void AddTo(Command command)
    {
        command.Add(s_settle);
        command.Add(s_noHealthcheck);
    }

    /// <exception cref="Errors.SysctrException">Usage: no time.</exception>
    public static StartPolicy Parse(ParseResult parsed) =>
        new()
        {
            Settle = parsed.GetValue(s_settle) is { } seconds
                ? SysctrConfiguration.SettleOf("--settle", seconds)
                : null,
            WithoutHealthCheck = parsed.GetValue(s_noHealthcheck),
        };
}
