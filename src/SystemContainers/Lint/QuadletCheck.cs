// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Lint.Json;
using SystemContainers.Linux.Users;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Verbs.Apply;

namespace SystemContainers.Lint;

/// <summary>Checks a file that <c>apply</c> takes, alone or beside those that it names. The same on every machine:
/// nothing of the host is looked at but, of a user's file, who the user is.</summary>
static class QuadletCheck
{
    /// <summary>Checks a file; its neighbours are read for the names that it uses, and nothing is said of
    /// them.</summary>
    /// <param name="file">As it was typed.</param>
    /// <param name="user">Whose it is; null for the system's.</param>
    public static IReadOnlyList<LintMessage> Run(string file, HostUser? user = null)
    {
        QuadletFaults faults = new();
        string full = Path.GetFullPath(file);
        string[] neighbours =
        [
            .. Directory
                .GetFiles(Path.GetDirectoryName(full)!)
                .Where(f => f != full && QuadletFiles.IsOne(f))
                .Order(StringComparer.Ordinal),
        ];
        IReadOnlyList<QuadletUnit> units = QuadletFiles.Read(
            [full, .. neighbours],
            f => new FileInfo(f).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? f,
            faults
        );
        HashSet<string> own = [full, .. units[0].Lines.Select(l => l.Value.Place.File)];
        QuadletSet.Read(
            units,
            new QuadletHost
            {
                LooksAtHost = false,
                IsUser = user is not null,
                Specifiers = user is null ? QuadletHost.System : QuadletHosts.Of(user),
            },
            faults
        );
        return
        [
            .. faults
                .All.Select(f => (f, LintSeverity.Error))
                .Concat(faults.Notes.Select(f => (f, LintSeverity.Note)))
                .Where(f => own.Contains(f.f.Place.File))
                .Select(f => new LintMessage(
                    f.f.Place.File == full ? file : f.f.Place.File,
                    Math.Max(1, f.f.Place.Line),
                    1,
                    f.Item2,
                    f.f.Advice is { } advice ? $"{f.f.Text}; {advice}" : f.f.Text
                ))
                .Distinct()
                .OrderBy(m => m.File, StringComparer.Ordinal)
                .ThenBy(m => m.Line)
                .ThenBy(m => m.Severity),
        ];
    }
}
