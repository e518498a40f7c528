// SPDX-License-Identifier: Apache-2.0

using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Transactions.Health;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>The journal of a start that failed is there when its user is told of it.</summary>
[Trait("needs", "root")]
[Trait("needs", "programs")]
public sealed class FailedStartsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-failed-").FullName;
    private readonly Host _host;

    public FailedStartsTests()
    {
        Directory.CreateDirectory(_root + "/var/lib");
        _host = Host.Open(_root, _ => { });
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>The rollback removes all that there is of it.</summary>
    [Fact]
    public async Task That_of_a_container_that_was_new_outlives_it()
    {
        ContainerRecord record = SampleRecord.Of("web");
        DeploymentDirectory directory = _host.Deployment("web", 0);
        Directory.CreateDirectory(directory.Here);
        directory.WriteRecord(record);
        ContainerChange change = new(null, record);

        string kept = (await new FailedStarts(_host).KeepAsync([change], DateTimeOffset.UtcNow))["web"];
        TransactionRecord transaction = new(TransactionKind.Apply, [change]);
        string intent = _host.Transactions.Begin(transaction);
        Assert.Empty(await new SwitchRollback(_host).RunAsync(intent, transaction, start: false));
        IntentRecords.End(intent);
        await _host.RecoverAsync(CancellationToken.None);

        Assert.False(Directory.Exists(directory.ContainerHere));
        Assert.True(File.Exists(_root + kept));
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(_root + kept));
    }

    /// <summary>A clock that was put back gives it the oldest time.</summary>
    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 20)]
    public async Task The_one_that_was_just_written_is_never_among_those_that_make_room(bool isNew, int most)
    {
        ContainerRecord record = SampleRecord.Of("web", 30);
        DeploymentDirectory directory = _host.Deployment("web", 30);
        string place = isNew ? _host.StoreHere + "/failed" : directory.ContainerHere;
        Directory.CreateDirectory(place);
        for (int i = 0; i < 25; i++)
        {
            string file = isNew ? $"{place}/c{i}-failed-0.journal" : $"{place}/failed-{i}.journal";
            File.WriteAllText(file, "");
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddYears(1));
        }

        string kept = (
            await new FailedStarts(_host).KeepAsync(
                [new ContainerChange(isNew ? null : record with { Deployment = 29 }, record)],
                DateTimeOffset.UtcNow
            )
        )["web"];

        Assert.True(File.Exists(_root + kept));
        Assert.Equal(most, Directory.GetFiles(place).Length);
    }
}
