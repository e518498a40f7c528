using System.CommandLine;
using SystemContainers.Cli;
using SystemContainers.Cli.Atomic;
using SystemContainers.Cli.Commands;
using SystemContainers.Errors;
using SystemContainers.Linux;

StandardStreams.OpenClosed();

// Units call this at every start of a container that needs it, so it goes round the command-line library.
if (args is ["launch", ..])
{
    return LaunchCommand.Run(args.AsSpan(1));
}

string[] typed = args;
if (AtomicPersonality.IsActive)
{
    try
    {
        args = AtomicPersonality.Translate(args);
    }
    catch (SysctrException e)
    {
        return Terminal.Report(e);
    }
}

if (args is ["exec", ..])
{
    args = ExecCommand.Protect(args);
}

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

ParseResult parsed = root.Parse(args);
if (UsageError.Report(parsed) is { } status)
{
    return status;
}

if (parsed.CommandResult.Command == root)
{
    // The overview has a line for each; examples belong to a verb's own help.
    foreach (Command verb in root.Subcommands)
    {
        verb.Description = FirstParagraph(verb.Description);
    }
}

// Those of exec are for the command in the container, which ends when it likes.
using Interruption interruption = Interruption.Watch(GlobalOptions.Outcome, isOurs: parsed.CommandResult.Command.Name != "exec");
try
{
    if (UserMode.MustEnter(parsed))
    {
        return UserMode.Enter(parsed, typed);
    }

    // Without a time after which the library would end the process: taking back may need longer, and must not be cut.
    InvocationConfiguration configuration = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    return await parsed.InvokeAsync(configuration, interruption.Token);
}
catch (OperationCanceledException) when (interruption.ExitStatus is not null)
{
    Terminal.Report($"interrupted; {GlobalOptions.Outcome.Describe()}");
    return interruption.ExitStatus.Value;
}
catch (Exception e) when (HostFailure.Understand(e) is { } understood)
{
    // A child that the terminal's Ctrl-C has ended as well looks like a failure of its own.
    int failed = Terminal.Report(understood);
    if (GlobalOptions.Outcome.HasChanges || understood.Kind == ErrorKind.Storage || interruption.ExitStatus is not null)
    {
        Terminal.ReportOutcome(GlobalOptions.Outcome.Describe());
    }

    return interruption.ExitStatus ?? failed;
}
catch (Exception e)
{
    int failed = Terminal.ReportDefect(e, $"calling 'sysctr {parsed.CommandResult.Command.Name}'");
    Terminal.ReportOutcome(GlobalOptions.Outcome.Describe());
    return failed;
}

static string? FirstParagraph(string? description) => description?.Split("\n\n")[0];
