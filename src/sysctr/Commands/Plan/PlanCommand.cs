// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Commands.Plan;

static class PlanCommand
{
    public static Command Create()
    {
        Command command = new(
            "plan",
            """
            Shows what a verb would change on the host: units, files, enablement, values, bytes to fetch, restarts. Nothing is changed.
            Layers that it has to fetch stay in the store without a name: the verb itself finds them there, the next prune removes them.

            Examples:
              sysctr plan install etcd
              sysctr plan install --now etcd flanneld docker    and in which order they would start
              sysctr plan update --all --together
              sysctr plan update etcd --set LISTEN=0.0.0.0 --json
              sysctr plan uninstall --purge etcd
              sysctr plan update --all --detailed-exitcode      exits with 2 when there is something to do
            """
        );
        Command install = new("install", "What 'install' with the same options would change.");
        InstallCommand.AddRequestTo(install);
        command.Add(
            PlanOptions.With(
                install,
                (parsed, plan, _, cancellation) =>
                    plan.InstallAsync(InstallCommand.Requests(parsed), InstallCommand.Now(parsed), cancellation)
            )
        );

        Command update = new("update", "What 'update' with the same options would change.");
        UpdateCommand.AddRequestTo(update);
        command.Add(
            PlanOptions.With(
                update,
                (parsed, plan, host, cancellation) =>
                    plan.UpdateAsync(UpdateCommand.Names(parsed, host), UpdateCommand.Request(parsed), cancellation)
            )
        );

        Command rollback = new("rollback", "What 'rollback' would change.");
        RollbackCommand.AddRequestTo(rollback);
        command.Add(
            PlanOptions.With(
                rollback,
                (parsed, plan, _, cancellation) =>
                {
                    (string name, int? number) = RollbackCommand.Request(parsed);
                    return plan.RollbackAsync(name, number, cancellation);
                }
            )
        );

        Command uninstall = new("uninstall", "What 'uninstall' would change.");
        UninstallCommand.AddRequestTo(uninstall);
        command.Add(
            PlanOptions.With(
                uninstall,
                (parsed, plan, host, cancellation) =>
                {
                    (string[] names, bool purge) = UninstallCommand.Request(parsed, host);
                    return plan.UninstallAsync(names, purge, cancellation);
                }
            )
        );
        return command;
    }
}
