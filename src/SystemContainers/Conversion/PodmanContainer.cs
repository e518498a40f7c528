// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Conversion.Files;
using SystemContainers.Conversion.Run;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Conversion;

/// <summary>A container of podman as files: podman keeps the command that created it.</summary>
static class PodmanContainer
{
    private const string Program = "podman";

    private const string QuadletLabel = "PODMAN_SYSTEMD_UNIT";

    /// <summary>Asks podman.</summary>
    /// <param name="container">Its name or ID.</param>
    /// <param name="name">What it is to be called; null for podman's name.</param>
    /// <param name="isUser">Whether it is to be a user's container.</param>
    /// <exception cref="SysctrException">Host: there is no podman; NotFound: it has no such container; Usage: it does
    /// not know how that was created.</exception>
    public static async Task<ConvertedFiles> TranslateAsync(
        string container,
        string? name,
        bool isUser,
        CancellationToken cancellation
    )
    {
        ProcessResult result;
        try
        {
            result = await ProcessRunner.RunAsync(Program, ["container", "inspect", "--", container], cancellation);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Host)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"asking podman for {container}: {e.Message}",
                "where podman is on another host, 'sysctr from docker-run' takes the command that made the container",
                e
            );
        }

        return result.ExitCode == 0
            ? Translate(container, result.Output, name, isUser)
            : throw new SysctrException(
                ErrorKind.NotFound,
                $"asking podman for {container}: {result.Error.Trim()}",
                isUser
                    ? "'podman ps --all' lists the containers that you have"
                    : "'podman ps --all' lists root's containers; 'sysctr --user from podman' asks for yours"
            );
    }

    /// <summary>Translates what podman-inspect(1) prints.</summary>
    internal static ConvertedFiles Translate(string container, string inspected, string? name, bool isUser)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(inspected);
            JsonElement found = document.RootElement[0];
            JsonElement config = found.GetProperty("Config");
            string[] words = [.. Strings(config, "CreateCommand")];
            if (words.Length == 0)
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading container {container}: podman does not know by which command it was created (Config.CreateCommand is empty), as of one that was made over its API",
                    "of a compose file 'sysctr from compose' makes files"
                );
            }

            Dictionary<string, string> variables = Strings(config, "Env")
                .Where(v => v.Contains('=', StringComparison.Ordinal))
                .Select(v => v.Split('=', 2))
                .GroupBy(v => v[0], v => v[1], StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
            string? image =
                found.TryGetProperty("ImageName", out JsonElement said) && said.GetString() is { Length: > 0 } whole
                    ? whole
                    : null;
            string called = name ?? found.GetProperty("Name").GetString()!.TrimStart('/');
            ConvertedFiles files = RunConversion.Translate(
                words,
                called,
                "sysctr from podman",
                new RunContext
                {
                    Directory = Environment.CurrentDirectory,
                    Variables = variables,
                    Image = image,
                },
                isUser
            );
            if (
                config.TryGetProperty("Labels", out JsonElement labels)
                && labels.ValueKind == JsonValueKind.Object
                && labels.TryGetProperty(QuadletLabel, out JsonElement unit)
            )
            {
                files.Note(
                    container,
                    $"it is of the unit {unit.GetString()}: where that is made of a Quadlet file, 'sysctr apply' takes that file as it is"
                );
            }

            if (
                words.Any(w =>
                    w.StartsWith("./", StringComparison.Ordinal) || w.StartsWith("../", StringComparison.Ordinal)
                )
            )
            {
                files.Note(
                    container,
                    $"podman does not keep the directory that it was called in: relative paths are taken as relative to {Environment.CurrentDirectory}"
                );
            }

            return files;
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading what podman says of {container}: {e.Message}",
                inner: e
            );
        }
    }

    private static IEnumerable<string> Strings(JsonElement config, string name) =>
        config.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(w => w.GetString() ?? "")
            : [];
}
