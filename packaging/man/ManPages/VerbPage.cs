// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Text;
using SystemContainers.Cli.Options;

namespace SystemContainers.ManPages;

/// <summary>The page of a verb, with those of its own verbs.</summary>
sealed class VerbPage
{
    private static readonly string[] s_sections =
    [
        "NAME",
        "DESCRIPTION",
        "OPTIONS",
        "EXIT STATUS",
        "EXAMPLES",
        "SEE ALSO",
    ];

    private static readonly Option[] s_containerOptions = ContainerOptions();

    private readonly RootCommand _root;
    private readonly Command _verb;
    private readonly Prose _prose;
    private readonly StringBuilder _page = new();

    /// <exception cref="InvalidDataException">Something has no text, or prose is of what is not there.</exception>
    public VerbPage(RootCommand root, Command verb, Prose prose, string date)
    {
        (_root, _verb, _prose) = (root, verb, prose);
        Name = $"sysctr-{verb.Name}";
        Summary = prose.Text("NAME")!;
        string[] strangers = [.. prose.Sections.Except(s_sections).Except(verb.Subcommands.Select(s => s.Name))];
        if (strangers.Length > 0)
        {
            throw prose.Wrong($"there is no section or verb {string.Join(", ", strangers)}");
        }

        Write(date);
    }

    /// <summary>Without the section: <c>sysctr-install</c>.</summary>
    public string Name { get; }

    /// <summary>What it does, in roff.</summary>
    public string Summary { get; }

    /// <summary>The roff text.</summary>
    public override string ToString() => _page.ToString();

    private void Write(string date)
    {
        Line($".\\\" Made from the command tree and packaging/man/prose/{_verb.Name}.man.");
        Line($".TH {Roff.Escape(Name.ToUpperInvariant())} 1 \"{date}\" \"sysctr\" \"System containers\"");
        Line(".SH NAME");
        Line($"{Roff.Escape(Name)} \\- {Summary}");
        Line(".SH SYNOPSIS");
        Command[] called = _verb.Subcommands.Count > 0 ? [.. _verb.Subcommands.Where(s => !s.Hidden)] : [_verb];
        Line(string.Join("\n.br\n", called.Select(Synopsis)));
        Line(".SH DESCRIPTION");
        Line(_prose.Text("DESCRIPTION")!);
        if (_verb.Subcommands.Count > 0)
        {
            Line(".SH VERBS");
            foreach (Command own in called)
            {
                Line($".SS {Roff.Escape(own.Name)}");
                Line(_prose.Text(own.Name) ?? Roff.Escape(TextOf(own.Description, own.Name)));
                Operands(own, own.Name);
            }
        }

        Line(".SH OPTIONS");
        Operands(_verb, "OPTIONS");

        if (Own(_verb).Length + _verb.Arguments.Count > 0)
        {
            Line(".PP");
        }

        Line("Options of every verb, such as \\fB\\-\\-user\\fR and \\fB\\-\\-root\\fR, are in\n.BR sysctr (1).");
        Line(".SH EXIT STATUS");
        if (_prose.Text("EXIT STATUS") is { } status)
        {
            Line(status);
            Line(".PP\nAll others are those of\n.BR sysctr (1).");
        }
        else
        {
            Line("0 for success, else the one that\n.BR sysctr (1)\nhas for what went wrong.");
        }

        Examples();
        Line(".SH SEE ALSO");
        string[] pages =
        [
            "sysctr",
            .. (_prose.Text("SEE ALSO") ?? "").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
        ];
        Line(string.Join(",\n", pages.Select(p => $".BR {Roff.Escape(p)} (1)")));
    }

    /// <summary>How it is called: words, options, arguments.</summary>
    private string Synopsis(Command command)
    {
        List<string> words =
        [
            .. Own(command)
                .Except(s_containerOptions)
                .Select(o =>
                    $"[{string.Join('|', Names(o).Select(Roff.Bold))}{Value(o, null, "\\ ")}]{(IsList(o) ? "..." : "")}"
                ),
        ];
        if (Twin(command) is { } twin)
        {
            words.Insert(0, $"[\\fIoptions of sysctr {Roff.Escape(twin.Name)}\\fR]");
        }

        bool takesContainerOptions = command.Options.Intersect(s_containerOptions).Any();
        if (takesContainerOptions && Twin(command) is null)
        {
            words.Add("[\\fIoptions of a container\\fR]");
        }

        words.AddRange(command.Arguments.Where(a => !a.Hidden).Select(Argument));
        if (takesContainerOptions)
        {
            words.Add("[\\fB\\-\\-\\fR \\fIARGUMENT\\fR...]");
        }

        string path = command == _verb ? command.Name : $"{_verb.Name} {command.Name}";
        return $".B sysctr {Roff.Escape(path)}\n{string.Join('\n', words)}".TrimEnd();
    }

    /// <summary>Arguments and options, each with the text of the prose or, without one, of the help.</summary>
    private void Operands(Command command, string section)
    {
        IReadOnlyDictionary<string, (string? Value, string Text)> said = _prose.Options(section);
        Option[] own = command == _verb ? Own(command) : [.. Own(command).Except(Own(_verb))];
        string[] strangers = [.. said.Keys.Except(own.Select(o => o.Name), StringComparer.Ordinal)];
        if (strangers.Length > 0)
        {
            throw _prose.Wrong($"{command.Name} has no option {string.Join(", ", strangers)}");
        }

        foreach (Argument argument in command.Arguments.Where(a => !a.Hidden))
        {
            Line($".TP\n{Argument(argument)}");
            Line(Roff.Escape(TextOf(argument.Description, argument.Name)));
        }

        foreach (Option option in own.Except(s_containerOptions))
        {
            (string? value, string? text) = said.TryGetValue(option.Name, out (string? Value, string Text) found)
                ? found
                : default;
            Write(option, value, text);
        }

        if (Twin(command) is { } twin)
        {
            string[] shared =
            [
                .. command
                    .Options.Where(o => !o.Hidden)
                    .Intersect(twin.Options)
                    .Except(s_containerOptions)
                    .Where(o => o.Name != "--help")
                    .Select(o => Roff.Bold(o.Name)),
            ];
            string more = command.Options.Intersect(s_containerOptions).Any() ? " and the options of a container" : "";
            Line(
                $".PP\nIt takes {string.Join(", ", shared)}{more}, as\n.BR sysctr\\-{Roff.Escape(twin.Name)} (1)\ndoes."
            );
        }
        else if (command.Options.Intersect(s_containerOptions).Any())
        {
            Line(".SS Options of a container");
            Line("OPTIONS OF A CONTAINER in\n.BR sysctr (1)\nsays more of them.");
            foreach (Option option in own.Intersect(s_containerOptions))
            {
                Write(option, null, null);
            }
        }
    }

    private void Write(Option option, string? value, string? text)
    {
        Line($".TP\n{string.Join(", ", Names(option).Select(Roff.Bold))}{Value(option, value, " ")}");
        string help = TextOf(option.Description, option.Name);
        Line(text ?? Roff.Escape(help));
        if (
            option.HasDefaultValue
            && option.GetDefaultValue() is { } fallback and not (bool or Array)
            && text?.Contains("Default", StringComparison.Ordinal) != true
            && !help.Contains("default", StringComparison.Ordinal)
        )
        {
            Line(
                $"Default: {Roff.Escape(Convert.ToString(fallback, System.Globalization.CultureInfo.InvariantCulture)!.ToLowerInvariant())}."
            );
        }
    }

    private void Examples()
    {
        string? prose = _prose.Text("EXAMPLES");
        string[] help = [.. (_verb.Description ?? "").Split('\n').SkipWhile(l => l != "Examples:").Skip(1)];
        if (prose is null && help.Length == 0)
        {
            return;
        }

        Line(".SH EXAMPLES");
        if (help.Length > 0)
        {
            Line($".nf\n{Roff.Escape(string.Join('\n', help.Select(l => l.Trim())))}\n.fi");
        }

        if (prose is not null)
        {
            Line(help.Length > 0 ? $".PP\n{prose}" : prose);
        }
    }

    /// <summary>The verb whose options a verb with another's name has, as <c>plan install</c> has those of
    /// <c>install</c>; null for any other.</summary>
    private Command? Twin(Command command) =>
        command == _verb
            ? null
            : _root.Subcommands.FirstOrDefault(v =>
                v.Name == command.Name && command.Options.Intersect(v.Options).Any(o => !o.Hidden)
            );

    /// <summary>The options that this page has to tell of: those of a verb itself, or those that all of its verbs
    /// have.</summary>
    private Option[] Own(Command command)
    {
        IEnumerable<Option> own =
            command.Subcommands.Count > 0
                ? command
                    .Subcommands.Select(s => s.Options.AsEnumerable())
                    .Aggregate((all, next) => all.Intersect(next))
                : command.Options.Except(Twin(command)?.Options ?? []);
        return [.. own.Where(o => !o.Hidden && o.Name != "--help")];
    }

    /// <summary>The short ones first.</summary>
    private static IEnumerable<string> Names(Option option) =>
        option.Aliases.Append(option.Name).Distinct().OrderBy(n => n.Length);

    /// <summary>What stands for an option's value: its words where they are few, as of an enum.</summary>
    private static string Value(Option option, string? said, string blank)
    {
        if (option.ValueType == typeof(bool))
        {
            return "";
        }

        Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return blank
            + (
                said
                ?? (
                    type.IsEnum
                        ? Roff.Escape(string.Join('|', Enum.GetNames(type)).ToLowerInvariant())
                        : Roff.Italic(option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant())
                )
            );
    }

    private static string Argument(Argument argument)
    {
        string name = Roff.Italic(argument.Name) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
    }

    private static bool IsList(Option option) => option.ValueType.IsArray;

    private string TextOf(string? text, string name) =>
        text is { Length: > 0 }
            ? text.Split("\n\n")[0]
            : throw _prose.Wrong($"{name} has no text, neither here nor in the command tree");

    private static Option[] ContainerOptions()
    {
        Command probe = new("probe");
        SettingsOptions.AddTo(probe);
        return [.. probe.Options];
    }

    private void Line(string text) => _page.Append(text).Append('\n');
}
