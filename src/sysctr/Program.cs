// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli;
using SystemContainers.Cli.Atomic;
using SystemContainers.Cli.Commands.From;
using SystemContainers.Cli.Commands.Units;
using SystemContainers.Cli.Completion;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Cli.Usage;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Processes;

StandardStreams.OpenClosed();

// Units call this at every start of a container that needs it, so it goes round the command-line library.
if (args is ["launch", ..])
{
    return LaunchCommand.Run(args.AsSpan(1));
}

// Shells ask at every press of the tabulator; whatever goes wrong, there is nothing to complete.
if (args is [Completer.Verb, ..])
{
    string[] line = args[1..];
    foreach (string candidate in Completer.Lines(line, InstalledNames.Of(line)))
    {
        Terminal.Of(quiet: true).TextLine(candidate);
    }

    return 0;
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

args = HelpVerb.Rewrite(SettingsWords.Rewrite(FromCommand.Protect(ExecCommand.Protect(args))));
ParseResult parsed = CommandTree.Parse(args);
if (UsageError.Report(parsed) is { } status)
{
    return status;
}

if (parsed.CommandResult.Command is RootCommand root)
{
    // The overview has a line for each; examples belong to a verb's own help.
    foreach (Command verb in root.Subcommands)
    {
        verb.Description = FirstParagraph(verb.Description);
    }
}

// Those of exec are for the command in the container, which ends when it likes.
Interruption interruption = Interruption.Watch(
    GlobalOptions.Outcome,
    isOurs: parsed.CommandResult.Command.Name != "exec"
);
try
{
    if (UserMode.MustEnter(parsed))
    {
        return UserMode.Enter(parsed, typed);
    }

    // Without a time after which the library would end the process: a roll-back may need longer, and must not be cut.
    InvocationConfiguration configuration = new()
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null,
    };
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
    int failed = Terminal.Report(understood, GlobalOptions.Typed(parsed));
    if (GlobalOptions.Outcome.HasChanges || understood.Kind == ErrorKind.Storage || interruption.ExitStatus is not null)
    {
        Terminal.ReportOutcome(GlobalOptions.Outcome.Describe());
    }

    return interruption.ExitStatus ?? failed;
}
catch (Exception e)
{
    int failed = Terminal.ReportDefect(e, $"calling '{Words(parsed.CommandResult.Command)}'");
    Terminal.ReportOutcome(GlobalOptions.Outcome.Describe());
    return failed;
}

// As it is typed: 'sysctr rollout status'.
static string Words(Command command) =>
    command.Parents.OfType<Command>().FirstOrDefault() is { } above ? $"{Words(above)} {command.Name}" : "sysctr";

static string? FirstParagraph(string? description) => description?.Split("\n\n")[0];
