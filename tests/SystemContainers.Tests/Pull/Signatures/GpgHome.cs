// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Tests.Pull.Signatures;

/// <summary>A gpg with keys of its own, that signs as whoever publishes images does.</summary>
sealed class GpgHome(SkopeoRoot root, string directory)
{
    private string Home => Path.Combine(directory, "gnupg");

    /// <summary>Makes a key, now or in 2020.</summary>
    public async Task MakeAsync(
        string name,
        string algorithm,
        string usage = "sign",
        bool inPast = false,
        string expires = "never"
    ) =>
        await GpgAsync([
            .. inPast ? Faked(1) : [],
            "--quick-gen-key",
            $"{name} <{name}@example.com>",
            algorithm,
            usage,
            expires,
        ]);

    /// <summary>Gives a key a subkey.</summary>
    public async Task AddSubkeyAsync(
        string name,
        string algorithm,
        string usage = "sign",
        bool inPast = false,
        string expires = "never"
    ) =>
        await GpgAsync([
            .. inPast ? Faked(2) : [],
            "--quick-add-key",
            await FingerprintAsync(name),
            algorithm,
            usage,
            expires,
        ]);

    /// <summary>Lets a key hold for ever.</summary>
    public async Task ProlongAsync(string name) =>
        await GpgAsync(["--quick-set-expire", await FingerprintAsync(name), "0"]);

    public async Task RevokeAsync(string name)
    {
        string file = Path.Combine(Home, "openpgp-revocs.d", await FingerprintAsync(name) + ".rev");
        string certificate = await File.ReadAllTextAsync(file);
        await GpgAsync(["--import"], certificate.Replace(":-----BEGIN", "-----BEGIN", StringComparison.Ordinal));
    }

    public async Task RevokeSubkeyAsync(string name) =>
        await GpgAsync(["--command-fd", "0", "--edit-key", name], "key 1\nrevkey\ny\n0\n\ny\nsave\n");

    /// <summary>Signs: an inline message unless the options say otherwise.</summary>
    public async Task<byte[]> SignAsync(byte[] content, string[] signers, string[] options, bool inPast = false)
    {
        string plain = Path.Combine(directory, "plain");
        string signed = Path.Combine(directory, "signed");
        await File.WriteAllBytesAsync(plain, content);
        string[] how = options.Intersect(["--clearsign", "--detach-sign"]).Any() ? [] : ["--sign"];
        await GpgAsync([
            .. inPast ? Faked(3) : [],
            .. signers.SelectMany(s => (string[])["-u", $"{s}@example.com"]),
            "-o",
            signed,
            .. options,
            .. how,
            plain,
        ]);
        return await File.ReadAllBytesAsync(signed);
    }

    public async Task<byte[]> ExportAsync(string[] names, bool armoured = false)
    {
        string file = Path.Combine(directory, "exported");
        File.Delete(file);
        await GpgAsync([
            .. armoured ? ["--armor"] : (string[])[],
            "-o",
            file,
            "--export",
            .. names.Select(n => $"{n}@example.com"),
        ]);
        return await File.ReadAllBytesAsync(file);
    }

    public Task StopAsync() => root.RunAsync("gpgconf", "--homedir", Home, "--kill", "all");

    /// <summary>That clock stands still: what was made on one day is not younger than what is made on the
    /// next.</summary>
    private static string[] Faked(int day) => ["--faked-system-time", $"2020010{day}T120000!"];

    private async Task<string> FingerprintAsync(string name) =>
        (await GpgAsync(["--with-colons", "--list-keys", $"{name}@example.com"]))
            .Split('\n')
            .First(l => l.StartsWith("fpr:", StringComparison.Ordinal))
            .Split(':')[9];

    private async Task<string> GpgAsync(string[] arguments, string? input = null)
    {
        Directory.CreateDirectory(Home);
        File.SetUnixFileMode(Home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        CommandResult result = await root.RunAsync(
            "gpg",
            input,
            [
                "--homedir",
                Home,
                .. input is null ? ["--batch"] : (string[])["--no-tty"],
                "--yes",
                "--quiet",
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                "",
                .. arguments,
            ]
        );
        return result.MustSucceed().Output;
    }
}
