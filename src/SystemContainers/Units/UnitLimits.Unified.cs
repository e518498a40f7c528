// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Units;

/// <summary><c>linux.resources.unified</c>: files of a control group by name (runtime-spec, config-linux.md, "Unified";
/// kernel, cgroup-v2.rst).</summary>
sealed partial class UnitLimits
{
    private void ReadUnified(SpecReader.Place unified)
    {
        foreach ((string file, JsonNode? node) in unified.Node ?? [])
        {
            string value = unified.Text(file)?.Trim() ?? "";
            string source = $"{unified.Name}.{file}";
            switch (file)
            {
                case "memory.max":
                    AddAmount("MemoryMax", value, "memory", UnitLimitKind.Amount, source);
                    break;
                case "memory.high":
                    AddAmount("MemoryHigh", value, "memory", UnitLimitKind.Amount, source);
                    break;
                case "memory.swap.max":
                    AddAmount("MemorySwapMax", value, "memory", UnitLimitKind.Amount, source);
                    break;
                case "memory.low":
                    AddAmount("MemoryLow", value, "memory", UnitLimitKind.Share, source);
                    break;
                case "memory.min":
                    AddAmount("MemoryMin", value, "memory", UnitLimitKind.Share, source);
                    break;
                case "pids.max":
                    AddAmount("TasksMax", value, "pids", UnitLimitKind.Amount, source);
                    break;
                case "cpu.weight":
                    Add("CPUWeight", Math.Clamp(Whole(value, source), 1, 10_000), "cpu", UnitLimitKind.Share, source);
                    break;
                case "cpu.idle" when value == "0":
                    break;
                case "cpu.idle":
                    Add("CPUWeight", "idle", "cpu", UnitLimitKind.Share, source);
                    break;
                case "cpu.max":
                    ReadCpuMax(value, source);
                    break;
                case "cpuset.cpus":
                    AddSet("AllowedCPUs", value, source);
                    break;
                case "cpuset.mems":
                    AddSet("AllowedMemoryNodes", value, source);
                    break;
                case "io.weight":
                    ReadIoWeight(value, source);
                    break;
                case "io.max":
                    ReadIoMax(value, source);
                    break;
                default:
                    if (_runtime == RuntimeKind.Crun)
                    {
                        throw Unheld($"{source} is nothing that systemd has a setting for");
                    }

                    break;
            }
        }
    }

    private void AddAmount(string key, string value, string controller, UnitLimitKind kind, string source)
    {
        if (value == "max")
        {
            _limits.RemoveAll(l => l.Key == key);
        }
        else
        {
            Add(key, Whole(value, source), controller, kind, source);
        }
    }

    private void ReadCpuMax(string value, string source)
    {
        string[] words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["max", ..])
        {
            _limits.RemoveAll(l => l.Key is "CPUQuota" or "CPUQuotaPeriodSec");
        }
        else if (words is [var quota])
        {
            AddQuota(Whole(quota, source), 100_000, source);
        }
        else if (words is [var own, var period] && Whole(period, source) is > 0 and { } microseconds)
        {
            AddQuota(Whole(own, source), microseconds, source);
        }
        else
        {
            throw Wrong(source);
        }
    }

    private void ReadIoWeight(string value, string source)
    {
        foreach (string line in Lines(value))
        {
            switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                case [var all]:
                    Add("IOWeight", Math.Clamp(Whole(all, source), 1, 10_000), "io", UnitLimitKind.Share, source);
                    break;
                case ["default", var all]:
                    Add("IOWeight", Math.Clamp(Whole(all, source), 1, 10_000), "io", UnitLimitKind.Share, source);
                    break;
                case [var device, var own]:
                    Add(
                        "IODeviceWeight",
                        $"{Device(device, source)} {Math.Clamp(Whole(own, source), 1, 10_000)}",
                        "io",
                        UnitLimitKind.Share,
                        source
                    );
                    break;
                default:
                    throw Wrong(source);
            }
        }
    }

    private void ReadIoMax(string value, string source)
    {
        foreach (string line in Lines(value))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string device = Device(words[0], source);
            foreach (string[] setting in words[1..].Select(w => w.Split('=', 2)))
            {
                string? key = setting[0] switch
                {
                    "rbps" => "IOReadBandwidthMax",
                    "wbps" => "IOWriteBandwidthMax",
                    "riops" => "IOReadIOPSMax",
                    "wiops" => "IOWriteIOPSMax",
                    _ => null,
                };
                if (key is null || setting.Length != 2)
                {
                    throw Wrong(source);
                }

                if (setting[1] != "max")
                {
                    Add(key, $"{device} {Whole(setting[1], source)}", "io", UnitLimitKind.Rate, source);
                }
            }
        }
    }

    private static string[] Lines(string value) =>
        value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string Device(string text, string source) =>
        text.Split(':') is [var major, var minor]
            ? $"/dev/block/{Whole(major, source)}:{Whole(minor, source)}"
            : throw Wrong(source);

    private static long Whole(string text, string source) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw Wrong(source);

    private static SysctrException Wrong(string source) =>
        TemplateErrors.At("config.json", $"{source} has a value that the kernel would not take");
}
