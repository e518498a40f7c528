// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bundle.Checks;

/// <summary>A check that is made until the container has come up (--health-startup-cmd and the like of
/// podman-run(1)).</summary>
/// <param name="Command">Program and words to run inside.</param>
/// <param name="Attempt">Seconds that one may take.</param>
/// <param name="Interval">Seconds from the end of one to the next; 0 where nobody makes it.</param>
/// <param name="Retries">So many failures restart the container; 0 for never.</param>
/// <param name="Success">So many successes are enough.</param>
sealed record StartupCheck(IReadOnlyList<string> Command, double Attempt, double Interval, int Retries, int Success);
