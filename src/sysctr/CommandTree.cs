// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Commands;
using SystemContainers.Cli.Commands.Checks;
using SystemContainers.Cli.Commands.From;
using SystemContainers.Cli.Commands.Images;
using SystemContainers.Cli.Commands.Logins;
using SystemContainers.Cli.Commands.Networks;
using SystemContainers.Cli.Commands.Plan;
using SystemContainers.Cli.Commands.Registry;
using SystemContainers.Cli.Commands.Rollout;
using SystemContainers.Cli.Commands.Trust;
using SystemContainers.Cli.Commands.Units;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Usage;

namespace SystemContainers.Cli;

/// <summary>All verbs and options, in the order in which help lists them. Parsing, completion and the tests of both go
/// by this one tree.</summary>
static class CommandTree
{
    private static readonly (string Verb, Func<Command> Create)[] s_verbs =
    [
        ("install", InstallCommand.Create),
        ("apply", ApplyCommand.Create),
        ("from", FromCommand.Create),
        ("plan", PlanCommand.Create),
        ("run", RunCommand.Create),
        ("update", UpdateCommand.Create),
        ("auto-update", AutoUpdateCommand.Create),
        ("rollback", RollbackCommand.Create),
        ("rollout", RolloutCommand.Create),
        ("prune", PruneCommand.Create),
        ("pin", PinCommand.CreatePin),
        ("unpin", PinCommand.CreateUnpin),
        ("uninstall", UninstallCommand.Create),
        ("diff", DiffCommand.Create),
        ("list", ListCommand.Create),
        ("info", InfoCommand.Create),
        ("history", HistoryCommand.Create),
        ("images", ImagesCommand.Create),
        ("network", NetworkCommand.Create),
        ("df", DfCommand.Create),
        ("pull", PullCommand.Create),
        ("login", LoginCommand.Create),
        ("logout", LogoutCommand.Create),
        ("push", PushCommand.Create),
        ("copy", CopyCommand.Create),
        ("inspect", InspectCommand.Create),
        ("list-tags", ListTagsCommand.Create),
        ("sbom", SbomCommand.Create),
        ("lint", LintCommand.Create),
        ("fsck", FsckCommand.Create),
        ("doctor", DoctorCommand.Create),
        ("verify", VerifyCommand.Create),
        ("scan", ScanCommand.Create),
        ("trust", TrustCommand.Create),
        ("start", StartCommand.Create),
        ("stop", StopCommand.Create),
        ("restart", RestartCommand.Create),
        ("status", StatusCommand.Create),
        ("logs", LogsCommand.Create),
        ("recover", RecoverCommand.Create),
        ("migrate", MigrateCommand.Create),
        ("exec", ExecCommand.Create),
        ("mount", MountCommand.Create),
        ("umount", UmountCommand.Create),
        ("version", VersionCommand.Create),
        (HelpVerb.Name, HelpVerb.Create),
    ];

    /// <summary>Parses a command line as the whole tree does, and makes no more of the tree than it needs.</summary>
    public static ParseResult Parse(string[] words)
    {
        int verb = GlobalOptions.VerbAt(words);
        string? only =
            words is ["--version"] ? ""
            : verb < words.Length && s_verbs.Any(v => v.Verb == words[verb]) ? words[verb]
            : null;
        ParseResult parsed = Create(only).Parse(words);
        // What was meant by a wrong word may be any verb.
        return only is null || UsageError.Describe(parsed) is null ? parsed : Create().Parse(words);
    }

    /// <summary>A tree of its own for each call: the overview of the help shortens the descriptions.</summary>
    /// <param name="only">The one verb in it, none where there is no such; all verbs for null.</param>
    public static RootCommand Create(string? only = null)
    {
        RootCommand root = new(
            """
            Installs OCI images as system containers: services that systemd starts at boot, before and without any container daemon.

            Examples:
              sysctr install --system etcd          pull, check out, register with systemd and enable
              systemctl start etcd                  from here on it is an ordinary unit
              sysctr apply                          make the host what the files in /etc/sysctr/containers.d declare
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
              1 failure         5 registry refused us      9 template or values     13 not permitted
              2 usage           6 refused by policy       10 name or file is taken  14 disk full or I/O error
              3 not found       7 corrupt data            11 unit failed            15 a lock or roll-out is held
             70 a defect      130 interrupted (129, 143)
            """
        );
        foreach (Option option in GlobalOptions.All)
        {
            root.Add(option);
        }

        foreach ((string verb, Func<Command> create) in s_verbs)
        {
            if (only is null || verb == only)
            {
                root.Add(create());
            }
        }

        return root;
    }
}
