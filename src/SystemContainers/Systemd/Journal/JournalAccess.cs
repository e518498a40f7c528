// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd.Journal;

/// <summary>Whose messages a user may read: the own ones, and all as a member of a group that the journal's files are
/// open to (systemd-journald.service(8)).</summary>
static class JournalAccess
{
    /// <summary>Where the system's journal is, kept and not (file-hierarchy(7)); below it is a directory for each
    /// machine.</summary>
    private static readonly string[] s_places = ["/var/log/journal", "/run/log/journal"];

    /// <summary>Whether this process may read what others have written; there a container's users count, but for its
    /// root.</summary>
    public static bool IncludesOthers() =>
        s_places
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .Select(machine => Path.Join(machine, "system.journal"))
            .Where(File.Exists)
            .All(IsReadable);

    private static bool IsReadable(string file)
    {
        try
        {
            File.OpenHandle(file, share: FileShare.ReadWrite).Dispose();
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
