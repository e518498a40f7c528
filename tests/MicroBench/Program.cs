// SPDX-License-Identifier: Apache-2.0

using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using SystemContainers.MicroBench;
using SystemContainers.TestBed;

// In this process: a project of BenchmarkDotNet's own would be restored and built for each of them.
Job job = Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance);
IConfig config = DefaultConfig
    .Instance.AddJob(job)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .WithArtifactsPath(Path.Combine(Workspace.Artifacts, "microbench"));
BenchmarkSwitcher
    .FromTypes([typeof(LayerBenchmarks), typeof(RenderBenchmarks), typeof(ListBenchmarks)])
    .Run(args.Length > 0 ? args : ["--filter", "*"], config);
