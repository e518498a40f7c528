// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Compose;
using SystemContainers.Conversion.Files;

namespace SystemContainers.Tests.Conversion;

/// <summary>A directory with a compose file, called shop.</summary>
public sealed class ComposeFolder : IDisposable
{
    private readonly string _above = Directory.CreateTempSubdirectory("sysctr-compose-").FullName;

    public ComposeFolder() => Directory.CreateDirectory(Path);

    /// <summary>Where it is.</summary>
    public string Path => System.IO.Path.Join(_above, "shop");

    public void Write(string name, string text)
    {
        string file = System.IO.Path.Join(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    internal ConvertedFiles Translate(
        string compose,
        Dictionary<string, string>? environment = null,
        string[]? profiles = null,
        bool isUser = false,
        string? name = null
    )
    {
        Write("compose.yaml", compose);
        return ComposeConversion.Translate(
            new ComposeRequest(Path)
            {
                Environment = environment ?? [],
                Profiles = profiles ?? [],
                IsUser = isUser,
                Name = name,
            }
        );
    }

    /// <summary>Of a service called web with these keys.</summary>
    internal ConvertedFiles Service(string keys) =>
        Translate(
            $"services:\n  web:\n    image: img\n{string.Join('\n', keys.Split('\n').Select(l => "    " + l))}\nvolumes:\n  data:\nnetworks:\n  front:\n  back:\n"
        );

    public void Dispose() => Directory.Delete(_above, recursive: true);
}
