// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Scriban;
using Scriban.Functions;
using Scriban.Parsing;
using Scriban.Runtime;
using Scriban.Syntax;
using SystemContainers.Errors;

namespace SystemContainers.Templates;

/// <summary>
/// Scriban in a fence. A template of an image is hostile until proven otherwise: it sees text variables and the string,
/// array and math functions, nothing of .NET, the host, the clock or other files; it is cut off by depth, steps, size
/// and time.
/// </summary>
static class ScribanTemplate
{
    private const int MaxLoopSteps = 10_000;
    private const int MaxCallDepth = 50;

    // What the language itself gives a template, such as for.index.
    private static readonly string[] s_ownVariables = ["for", "while", "tablerow", "this"];

    /// <summary>The variables that the text mentions and does not set itself, in ordinal order.</summary>
    /// <exception cref="SysctrException">Template: it does not parse.</exception>
    public static IReadOnlyList<string> Variables(string path, string text)
    {
        MentionedVariables mentioned = new();
        mentioned.Visit(Parse(path, text).Page);
        mentioned.Names.ExceptWith(Functions.Names);
        mentioned.Names.ExceptWith(s_ownVariables);
        return [.. mentioned.Names];
    }

    /// <summary>Runs the template.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="budget">Of the image; null where the template stands for itself.</param>
    /// <exception cref="SysctrException">Template: it does not parse, mentions a variable without a value, or exceeds a
    /// limit.</exception>
    public static string Render(
        string path,
        string text,
        IReadOnlyDictionary<string, string> values,
        RenderBudget? budget = null
    )
    {
        budget ??= new RenderBudget();
        return budget.Spend(path, () => Render(path, text, values, budget, budget.TimeLeft));
    }

    private static string Render(
        string path,
        string text,
        IReadOnlyDictionary<string, string> values,
        RenderBudget budget,
        TimeSpan time
    )
    {
        Template template = Parse(path, text);
        ScriptObject globals = [];
        foreach ((string name, string value) in values)
        {
            globals.SetValue(name, value, readOnly: true);
        }

        using CancellationTokenSource timeout = new(time);
        FencedContext context = new(new Functions(), budget)
        {
            StrictVariables = true,
            EnableRelaxedMemberAccess = false,
            LoopLimit = MaxLoopSteps,
            LoopLimitQueryable = MaxLoopSteps,
            RecursiveLimit = MaxCallDepth,
            LimitToString = RenderBudget.MaxCharacters + 1,
            OnStringLimit = ScriptLimitBehavior.Throw,
            OnOutputLimit = ScriptLimitBehavior.Throw,
            TemplateLoader = null,
            NewLine = "\n",
            CancellationToken = timeout.Token,
        };
        context.PushGlobal(globals);
        try
        {
            return template.Render(context);
        }
        catch (ScriptAbortException e)
        {
            throw TemplateErrors.At(
                Place(path, e.Span),
                $"the image's templates did not end within {RenderBudget.MaxTime.TotalSeconds} seconds",
                inner: e
            );
        }
        catch (ScriptRuntimeException e)
        {
            string place = Place(path, e.Span);
            throw UnsetVariable(e, values) is { } variable
                ? TemplateErrors.Unset(place, variable)
                : TemplateErrors.At(place, e.OriginalMessage.Split(" (Parameter '")[0], inner: e);
        }
    }

    /// <summary>The name that an error is about, if its place in the text is a variable that nobody set.</summary>
    private static string? UnsetVariable(ScriptRuntimeException error, IReadOnlyDictionary<string, string> values)
    {
        // Scriban has no error kind for it: its message quotes the name, and is the same in every version since strict
        // variables exist.
        string[] quoted = error.OriginalMessage.Split('`');
        return
            quoted.Length >= 3
            && error.OriginalMessage.StartsWith("The variable or function `", StringComparison.Ordinal)
            && !values.ContainsKey(quoted[1])
            ? quoted[1]
            : null;
    }

    private static Template Parse(string path, string text)
    {
        Template template = Template.Parse(text, path, new ParserOptions { ExpressionDepthLimit = 100 });
        if (!template.HasErrors)
        {
            return template;
        }

        LogMessage error = template.Messages.First(m => m.Type == ParserMessageType.Error);
        throw TemplateErrors.At(Place(path, error.Span), error.Message);
    }

    // An error at the end of the text has no position of its own in Scriban (-1).
    private static string Place(string path, SourceSpan span) =>
        span.Start.Line < 0 ? path : new TextPosition(span.Start.Line + 1, span.Start.Column + 1).In(path);

    /// <summary>A text as a JSON string with its quotes, so that any value is safe inside config.json.</summary>
    private static string ToJson(string text)
    {
        // Scriban's limit is not for functions that are not its own: without one here, a chain of them grows sixfold
        // each time.
        string json = text.Length <= RenderBudget.MaxCharacters ? $"\"{JsonEncodedText.Encode(text)}\"" : text;
        return json.Length <= RenderBudget.MaxCharacters
            ? json
            : throw new InvalidOperationException(
                $"a string in it has more than {RenderBudget.MaxCharacters} characters"
            );
    }

    /// <summary>
    /// What a template may call. Scriban finds the functions of a module by reflection, which takes longer than most
    /// templates do: a module is made when it is first named. Never one for two templates: what one leaves in a module
    /// is no other's.
    /// </summary>
    [UnconditionalSuppressMessage(
        "Trimming",
        "IL2026",
        Justification = "ScriptObject.From comes along as an inherited method and is never called"
    )]
    private sealed class Functions : ScriptObject
    {
        public static readonly string[] Names = ["string", "array", "math", "json"];

        public Functions()
        {
            foreach (string name in Names)
            {
                SetValue(name, null, readOnly: true);
            }
        }

        public override bool TryGetValue(
            TemplateContext? context,
            SourceSpan span,
            string member,
            [MaybeNullWhen(false)] out object value
        )
        {
            if (!base.TryGetValue(context, span, member, out value))
            {
                return false;
            }

            if (value is null)
            {
                value = Make(member);
                SetValue(member, value, readOnly: true);
            }

            return true;
        }

        // Some are found only at run time (string.slice), and an ahead-of-time compiler would leave those out.
        [DynamicDependency(DynamicallyAccessedMemberTypes.PublicMethods, typeof(StringFunctions))]
        [DynamicDependency(DynamicallyAccessedMemberTypes.PublicMethods, typeof(ArrayFunctions))]
        [DynamicDependency(DynamicallyAccessedMemberTypes.PublicMethods, typeof(MathFunctions))]
        [UnconditionalSuppressMessage(
            "Trimming",
            "IL2026",
            Justification = "ScriptObject.From comes along as an inherited method and is never called"
        )]
        private static object Make(string name)
        {
            switch (name)
            {
                case "string":
                    return new StringFunctions();
                case "array":
                    return new ArrayFunctions();
                case "math":
                    MathFunctions math = new();
                    // Not a function of the values: the same template has to give the same text again.
                    math.Remove("random");
                    math.Remove("uuid");
                    return math;
                default:
                    return DelegateCustomFunction.CreateFunc<string, string>(ToJson);
            }
        }
    }

    /// <summary>Looks at the budget wherever something is evaluated: between two looks there is one call of a
    /// function.</summary>
    private sealed class FencedContext(ScriptObject functions, RenderBudget budget) : TemplateContext(functions)
    {
        public override object? Evaluate(ScriptNode? scriptNode, bool aliasReturnedFunction)
        {
            budget.Check();
            CheckAbort();
            object? result = base.Evaluate(scriptNode, aliasReturnedFunction);
            return result is ScriptRange list ? Counted(list) : result;
        }

        /// <summary>
        /// A range, a sum of lists, and what most functions of lists give is gone through only when somebody counts it,
        /// and nothing stops that: forty sums of a list with itself are 2^40 items.
        /// </summary>
        private static ScriptArray Counted(ScriptRange list)
        {
            ScriptArray counted = [];
            foreach (object? item in (System.Collections.IEnumerable)list)
            {
                if (counted.Count == MaxLoopSteps)
                {
                    throw new InvalidOperationException($"an array has more than {MaxLoopSteps} items, the LoopLimit");
                }

                counted.Add(item);
            }

            return counted;
        }
    }

    /// <summary>Collects the names that a template reads and does not bind itself.</summary>
    private sealed class MentionedVariables : ScriptVisitor
    {
        private readonly HashSet<string> _bound = new(StringComparer.Ordinal);

        public SortedSet<string> Names { get; } = new(StringComparer.Ordinal);

        public override void Visit(ScriptVariableGlobal node)
        {
            if (!_bound.Contains(node.Name))
            {
                Names.Add(node.Name);
            }
        }

        // The name behind a dot is a member's, not a variable's.
        public override void Visit(ScriptMemberExpression node) => Visit(node.Target);

        public override void Visit(ScriptObjectMember node) => Visit(node.Value);

        public override void Visit(ScriptNamedArgument node) => Visit(node.Value);

        public override void Visit(ScriptAssignExpression node)
        {
            Visit(node.Value);
            Bind(node.Target);
        }

        public override void Visit(ScriptForStatement node)
        {
            Visit(node.Iterator);
            Bind(node.Variable);
            Visit(node.Body);
            Visit(node.Else);
        }

        public override void Visit(ScriptCaptureStatement node)
        {
            Visit(node.Body);
            Bind(node.Target);
        }

        public override void Visit(ScriptFunction node)
        {
            Bind(node.NameOrDoToken as ScriptExpression);
            foreach (ScriptParameter parameter in node.Parameters ?? [])
            {
                Bind(parameter.Name);
            }

            Visit(node.Body);
        }

        private void Bind(ScriptExpression? target)
        {
            if (target is ScriptVariableGlobal variable)
            {
                _bound.Add(variable.Name);
            }
            else
            {
                Visit(target);
            }
        }
    }
}
