// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench;
using SystemContainers.TestBed;

// Whole processes on one booted host, against one registry on its loopback, contestants taking turns.
int rounds = args is [string given] ? int.Parse(given) : 5;
ImageSource[] images = [new("httpd"), new("etcd"), new("probe")];
string storage = await ImageBuilder.RegistryStorageAsync(images);
await using NspawnHost host = await NspawnHost.StartAsync(HostRoot.Trixie, storage);
Contest pulls = new(host, "an image of two layers, nothing local: pull and check out", PullContestants.Cold("httpd"));
Contest second = new(host, "another image on the same base", PullContestants.Second("httpd", "etcd"));
Contest starts = new(host, "start", await StartContestants.PrepareAsync(host, "probe"));
foreach (Contest contest in (Contest[])[starts, pulls, second])
{
    await contest.RunAsync(rounds);
    contest.Print();
}
