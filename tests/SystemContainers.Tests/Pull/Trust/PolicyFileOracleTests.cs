// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Pull.Trust;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Pull.Trust;

/// <summary>
/// Generated policy files: what Debian 13's skopeo loads is loaded here, and what it refuses is refused. One kind is
/// refused here alone: a scope that can hold no image (<see cref="PolicyScopes"/>), for a rule under it was to forbid
/// or allow something and does not; without such scopes the same file has to load. A few hundred in each run, always
/// the same; <c>SYSCTR_POLICY_FILES=5000</c> for more.
/// </summary>
[Trait("needs", "programs")]
public sealed class PolicyFileOracleTests : IDisposable
{
    private readonly string _directory = Directory.CreateDirectory($"/tmp/sysctr-policies-{Guid.NewGuid():N}").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_file_is_loaded_where_skopeo_loads_it()
    {
        int count = int.Parse(
            Environment.GetEnvironmentVariable("SYSCTR_POLICY_FILES") is { Length: > 0 } more ? more : "300",
            CultureInfo.InvariantCulture
        );
        SkopeoRoot root = await SkopeoRoot.GetAsync();
        PolicyFileGenerator generator = new(seed: 20261129);
        (PolicyNode Policy, string File)[] files =
        [
            .. Enumerable.Range(0, count).Select(i => (generator.Next(), Path.Combine(_directory, $"{i}.json"))),
        ];
        int loaded = 0;
        int stricter = 0;
        List<string> differences = [];
        await Parallel.ForEachAsync(
            files,
            TestContext.Current.CancellationToken,
            async (file, _) =>
            {
                string text = file.Policy.ToString();
                await File.WriteAllTextAsync(file.File, text, CancellationToken.None);
                CommandResult skopeo = await root.RunAsync(
                    "skopeo",
                    "--policy",
                    file.File,
                    "copy",
                    "dir:/tmp/sysctr-not-there",
                    $"dir:{file.File}.copy"
                );
                bool theirs = !skopeo.Error.Contains("loading trust policy", StringComparison.Ordinal);
                if (theirs && !skopeo.Error.Contains("/tmp/sysctr-not-there/manifest.json", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException(skopeo.Error);
                }

                string? fault = Load(file.File);
                bool faulty = RemoveScopes(file.Policy);
                if (theirs && fault is not null && faulty)
                {
                    Interlocked.Increment(ref stricter);
                    await File.WriteAllTextAsync(file.File, file.Policy.ToString(), CancellationToken.None);
                    fault = Load(file.File);
                }

                Interlocked.Add(ref loaded, theirs ? 1 : 0);
                if (theirs != fault is null)
                {
                    lock (differences)
                    {
                        differences.Add(
                            $"{text}\nskopeo: {(theirs ? "loads it" : skopeo.Error)}\nhere: {fault ?? "loads it"}"
                        );
                    }
                }
            }
        );
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{count} files: skopeo loads {loaded}, {stricter} of them are refused here for a scope that can hold no image, {differences.Count} differ"
        );

        Assert.True(
            differences.Count == 0,
            $"{differences.Count} of {count}:\n" + string.Join("\n\n", differences.Take(20))
        );

        // So that neither answer is all that was seen.
        Assert.InRange(loaded, count / 5, count * 4 / 5);
    }

    private static string? Load(string file)
    {
        try
        {
            SignaturePolicy.Load(file);
            return null;
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            return e.Message;
        }
    }

    /// <summary>Whether there was a scope that can hold no image.</summary>
    private static bool RemoveScopes(PolicyNode policy)
    {
        int removed = 0;
        foreach ((string name, PolicyNode transports) in policy.Members!.Where(m => m.Name == "transports"))
        {
            foreach ((string transport, PolicyNode scopes) in transports.Members ?? [])
            {
                removed += scopes.Members?.RemoveAll(s => PolicyScopes.Fault(transport, s.Name) is not null) ?? 0;
            }
        }

        return removed > 0;
    }
}
