// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Commands;
using SystemContainers.Cli.Commands.Checks;
using SystemContainers.Cli.Commands.Images;
using SystemContainers.Cli.Commands.Plan;
using SystemContainers.Cli.Commands.Rollout;
using SystemContainers.Cli.Commands.Units;
using SystemContainers.Cli.Usage;

namespace SystemContainers.Cli;

/// <summary>All verbs and options, in the order in which help lists them. Parsing, completion and the tests of both go by this one tree.</summary>
static class CommandTree
{
    /// <summary>A tree of its own for each call: the overview of the help shortens the descriptions.</summary>
    public static RootCommand Create()
    {
        RootCommand root = new(
            """
            Installs OCI images as system containers: services that systemd starts at boot, before and without any container daemon.

            Examples:
              sysctr install --system etcd          pull, check out, register with systemd and enable
              systemctl start etcd                  from here on it is an ordinary unit
              sysctr update etcd                    new deployment beside the old one, and a switch
              sysctr rollback etcd                  and back
              sysctr install --user --now notes     the calling user's own, in the user's systemd
              sysctr list                           what is installed, and how it is doing
              sysctr df                             what uses the store's space
              sysctr uninstall etcd                 remove exactly what was installed
              sysctr fsck                           check the store and all that it has on the host
              sysctr doctor                         check the host itself, with remedies
              sysctr lint ./etcd                    check an image's templates, for those who make one

            Exit status:
              0 success         4 registry unreachable     8 unsafe image           12 host lacks something
              1 failure         5 registry refused us      9 template or values     13 not permitted (not root)
              2 usage           6 refused by policy       10 name or file is taken  14 disk full or I/O error
              3 not found       7 corrupt data            11 unit failed            15 a lock or roll-out is held
             70 a defect      130 interrupted (129, 143)
            """);
        foreach (Option option in GlobalOptions.All)
        {
            root.Add(option);
        }

        root.Add(InstallCommand.Create());
        root.Add(PlanCommand.Create());
        root.Add(RunCommand.Create());
        root.Add(UpdateCommand.Create());
        root.Add(AutoUpdateCommand.Create());
        root.Add(RollbackCommand.Create());
        root.Add(RolloutCommand.Create());
        root.Add(PruneCommand.Create());
        root.Add(PinCommand.CreatePin());
        root.Add(PinCommand.CreateUnpin());
        root.Add(UninstallCommand.Create());
        root.Add(DiffCommand.Create());
        root.Add(ListCommand.Create());
        root.Add(InfoCommand.Create());
        root.Add(HistoryCommand.Create());
        root.Add(ImagesCommand.Create());
        root.Add(DfCommand.Create());
        root.Add(PullCommand.Create());
        root.Add(LintCommand.Create());
        root.Add(FsckCommand.Create());
        root.Add(DoctorCommand.Create());
        root.Add(StartCommand.Create());
        root.Add(StopCommand.Create());
        root.Add(RestartCommand.Create());
        root.Add(StatusCommand.Create());
        root.Add(LogsCommand.Create());
        root.Add(RecoverCommand.Create());
        root.Add(ExecCommand.Create());
        root.Add(MountCommand.Create());
        root.Add(UmountCommand.Create());
        root.Add(VersionCommand.Create());
        root.Add(HelpVerb.Create());
        return root;
    }
}
