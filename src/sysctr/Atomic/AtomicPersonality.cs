// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Cli.Atomic;

/// <summary>
/// Called by the name <c>atomic</c>, the tool takes atomic's verbs and options: scripts and habits go on working. Where
/// the exit status differed it is atomic's then.
/// </summary>
static class AtomicPersonality
{
    /// <summary>argv[0] as the caller wrote it; the framework gives the file that a link leads to.</summary>
    public static string CalledAs { get; } = ReadName();

    /// <summary>Whether this process was called as <c>atomic</c>.</summary>
    public static bool IsActive { get; } = Path.GetFileName(CalledAs) == "atomic";

    /// <summary>atomic's words as ours.</summary>
    /// <param name="words">What stands behind <c>atomic</c>.</param>
    /// <exception cref="SysctrException">Usage: we have no such verb or option; the hint says what to use
    /// instead.</exception>
    public static string[] Translate(IReadOnlyList<string> words)
    {
        string[] rest = [.. words.SkipWhile(w => AtomicVerbs.Everywhere.Names.Contains(w, StringComparer.Ordinal))];
        if (rest is [] or ["-h" or "--help", ..] or ["help"])
        {
            return ["--help"];
        }

        if (rest is ["-v" or "--version", ..])
        {
            return ["version"];
        }

        AtomicVerb verb = Find(rest);
        string called = $"atomic {verb.Words}";
        if (verb.Instead is not null)
        {
            throw new SysctrException(ErrorKind.Usage, $"{called}: sysctr has no such verb", verb.Instead);
        }

        string[] following = rest[verb.Words.Split(' ').Length..];
        int command = verb.WithCommand is null ? following.Length : Operand(verb, following) + 1;
        if (command < following.Length)
        {
            return ForCaller(
                [.. verb.WithCommand!, .. Arguments(verb, called, following[..command])],
                ["--", .. following[command..]]
            );
        }

        string[] arguments = [.. Arguments(verb, called, following)];
        string[] ours =
            verb.Options.FirstOrDefault(o =>
                o.Verb is not null && following.Any(f => o.Names.Contains(f, StringComparer.Ordinal))
            )?.Verb
            ?? verb.Ours;

        // There an archive's image was known by its own name from then on.
        return ForCaller(
            verb.Ours is ["pull"] && arguments.Any(AtomicImage.IsLocal)
                ? ["pull", "--keep-names", .. arguments]
                : [.. ours, .. arguments],
            []
        );
    }

    /// <summary>atomic asked nobody: whoever was not root had containers of their own.</summary>
    private static string[] ForCaller(string[] ours, string[] command)
    {
        bool said =
            ours.Contains("--user", StringComparer.Ordinal) || ours.Contains("--system", StringComparer.Ordinal);
        bool root = Libc.geteuid() == 0 && !HostUser.IsInNamespace;
        // In front: exec has an option of that name.
        return said || root ? [.. ours, .. command] : ["--user", .. ours, .. command];
    }

    /// <summary>Where the first word stands that belongs to no option.</summary>
    private static int Operand(AtomicVerb verb, string[] words)
    {
        int i = 0;
        while (i < words.Length && words[i].StartsWith('-'))
        {
            i += verb.Options.Any(o => o.HasValue && o.Names.Contains(words[i], StringComparer.Ordinal)) ? 2 : 1;
        }

        return i;
    }

    private static AtomicVerb Find(string[] words) =>
        AtomicVerbs.All.FirstOrDefault(v =>
            words.Take(v.Words.Split(' ').Length).SequenceEqual(v.Words.Split(' '), StringComparer.Ordinal)
        )
        ?? throw new SysctrException(
            ErrorKind.Usage,
            $"atomic {string.Join(' ', words.Take(2))}: there is no such verb",
            "'sysctr --help' shows what there is"
        );

    private static IEnumerable<string> Arguments(AtomicVerb verb, string called, string[] words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (word is "-h" or "--help")
            {
                yield return "--help";
                continue;
            }

            if (!word.StartsWith('-') || word == "-")
            {
                yield return verb.TakesPlaces ? AtomicImage.Place(word) : AtomicImage.Ours(word);
                continue;
            }

            string[] parts = word.StartsWith("--", StringComparison.Ordinal) ? word.Split('=', 2) : [word];
            AtomicOption option =
                verb.Options.Append(AtomicVerbs.Everywhere)
                    .FirstOrDefault(o => o.Names.Contains(parts[0], StringComparer.Ordinal))
                ?? throw new SysctrException(
                    ErrorKind.Usage,
                    $"{called}: there is no option {parts[0]}",
                    $"see 'sysctr {string.Join(' ', verb.Ours)} --help'"
                );
            string? value = null;
            if (option.HasValue)
            {
                value =
                    parts.Length == 2 ? parts[1]
                    : ++i < words.Length ? words[i]
                    : throw new SysctrException(ErrorKind.Usage, $"{called}: {parts[0]} wants a value");
            }

            foreach (string ours in Ours(option, called, parts[0], value))
            {
                yield return ours;
            }
        }
    }

    private static IEnumerable<string> Ours(AtomicOption option, string called, string name, string? value)
    {
        if (option.Values is { } values)
        {
            return !values.TryGetValue(value!, out string? ours)
                    ? throw new SysctrException(
                        ErrorKind.Usage,
                        $"{called}: {name}={value} is not there",
                        option.Instead
                    )
                : ours is null ? []
                : [option.Ours!, ours];
        }

        return option.Instead is not null
                ? throw new SysctrException(ErrorKind.Usage, $"{called}: {name} is not there", option.Instead)
            : option.Ours is null ? []
            :
            [
                option.Ours,
                .. value is null ? (string[])[] : [value],
                .. option.With is null ? (string[])[] : [option.With],
            ];
    }

    private static string ReadName()
    {
        byte[] line = File.ReadAllBytes("/proc/self/cmdline");
        int end = Array.IndexOf(line, (byte)0);
        return Encoding.UTF8.GetString(line, 0, Math.Max(end, 0));
    }
}
