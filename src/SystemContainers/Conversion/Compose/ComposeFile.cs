// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>Reads compose files (compose-spec.io) with their variables expanded.</summary>
/// <param name="environment">The value of a variable; null for none.</param>
/// <param name="note">Told of what is empty because nobody set it: place and text.</param>
sealed class ComposeFile(Func<string, string?> environment, Action<string, string> note)
{
    private const int MaxBytes = 1 << 20;

    private static readonly string[] s_names =
    [
        "compose.yaml",
        "compose.yml",
        "docker-compose.yaml",
        "docker-compose.yml",
    ];

    private static readonly UTF8Encoding s_strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    /// <summary>The file that was typed, or that a directory has.</summary>
    /// <exception cref="SysctrException">NotFound: there is none.</exception>
    public static YamlSource Find(string typed)
    {
        if (!Directory.Exists(typed))
        {
            return new YamlSource(Path.GetFullPath(typed), typed);
        }

        return s_names
                .Select(n => Path.Join(typed, n))
                .Where(File.Exists)
                .Select(f => new YamlSource(Path.GetFullPath(f), f))
                .FirstOrDefault()
            ?? throw new SysctrException(
                ErrorKind.NotFound,
                $"reading {typed}: it has none of {string.Join(", ", s_names)}",
                "name the compose file"
            );
    }

    /// <exception cref="SysctrException">NotFound: it is not there; Usage: it can't be read.</exception>
    public static string ReadText(string path, string shown)
    {
        try
        {
            return s_strict.GetString(
                BoundedFile.Read("/", path, MaxBytes)
                    ?? throw new SysctrException(ErrorKind.NotFound, $"reading {shown}: there is no such file")
            );
        }
        catch (DecoderFallbackException e)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {shown}: it is no UTF-8 text", inner: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // One that is too large, or no file, is no compose file.
            ErrorKind kind = HostFailure.KindOf(e) is ErrorKind.Permission ? ErrorKind.Permission : ErrorKind.Usage;
            throw new SysctrException(kind, $"reading {shown}: {e.Message}", inner: e);
        }
    }

    /// <exception cref="SysctrException">It is not there, or is no compose file; names the line.</exception>
    public YamlMap Read(YamlSource source) => Parse(source, ReadText(source.Path, source.Shown));

    /// <summary>Reads the text of one.</summary>
    /// <exception cref="SysctrException">It is no compose file; names the line.</exception>
    public YamlMap Parse(YamlSource source, string text) =>
        YamlText.Parse(source, text, [ComposeMerge.Reset, ComposeMerge.Override]) switch
        {
            YamlMap map => (YamlMap)Expanded(map),
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"reading {source.Shown}: it is no compose file",
                "it begins with 'services:'"
            ),
        };

    /// <summary>Keys are as they are.</summary>
    private YamlNode Expanded(YamlNode node)
    {
        switch (node)
        {
            case YamlScalar scalar:
                try
                {
                    string text = Interpolation.Expand(
                        scalar.Text,
                        environment,
                        name => note(scalar.Place, $"the variable {name} is set nowhere, and empty")
                    );

                    // What came of a variable is a text, even where it is empty.
                    return scalar with
                    {
                        Text = text,
                        IsPlain = scalar.IsPlain && text == scalar.Text,
                    };
                }
                catch (FormatException e)
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        $"reading {scalar.Place}: {e.Message}",
                        "variables are those of the call, and of .env beside the file",
                        e
                    );
                }

            case YamlList list:
                return new YamlList(list.Source, list.Line, [.. list.Items.Select(Expanded)]) { Tag = list.Tag };
            default:
                YamlMap map = (YamlMap)node;
                return new YamlMap(map.Source, map.Line, [.. map.Entries.Select(e => (e.Key, Expanded(e.Value)))])
                {
                    Tag = map.Tag,
                };
        }
    }
}
