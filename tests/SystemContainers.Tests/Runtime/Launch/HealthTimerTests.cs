// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Runtime.Launch;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

/// <summary>How long a container has run when its check fails.</summary>
public sealed class HealthTimerTests : IDisposable
{
    private readonly string _bundle = Directory.CreateTempSubdirectory("sysctr-health-").FullName;

    public void Dispose() => Directory.Delete(_bundle, recursive: true);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void The_time_of_day_has_no_say_in_it(int days)
    {
        Start(Environment.TickCount64.ToString(CultureInfo.InvariantCulture), DateTime.UtcNow.AddDays(days));

        Assert.InRange(HealthTimer.SinceStart(_bundle), TimeSpan.Zero, TimeSpan.FromHours(1));
    }

    [Fact]
    public void Of_what_an_earlier_sysctr_has_started_the_file_tells()
    {
        Start("", DateTime.UtcNow.AddMinutes(-10));

        Assert.InRange(HealthTimer.SinceStart(_bundle), TimeSpan.FromMinutes(9), TimeSpan.FromHours(1));
    }

    private void Start(string noted, DateTime written)
    {
        File.WriteAllText(Path.Join(_bundle, "health-timers"), noted);
        File.WriteAllText(Path.Join(_bundle, "config.json"), "{}");
        File.SetLastWriteTimeUtc(Path.Join(_bundle, "config.json"), written);
    }
}
