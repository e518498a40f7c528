// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Runtime.InteropServices;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Quadlet;
using SystemContainers.Settings;

namespace SystemContainers.Conversion.Run;

/// <summary>What is done with options that are more than their value.</summary>
sealed partial class RunConverter
{
    private const int MostRetries = 1000;

    /// <summary>NAME:ADDRESS; docker takes an equals sign, too.</summary>
    public void AddHost(GivenOption option)
    {
        string value = option.Value;
        int equals = value.IndexOf('=', StringComparison.Ordinal);
        int colon = value.IndexOf(':', StringComparison.Ordinal);
        file.Key(
            "AddHost",
            equals > 0 && (colon < 0 || equals < colon) ? $"{value[..equals]}:{value[(equals + 1)..]}" : value,
            option.Place
        );
    }

    /// <summary>A slice is a control group that units may be in.</summary>
    public void Slice(GivenOption option)
    {
        if (Path.GetFileName(option.Value).EndsWith(".slice", StringComparison.Ordinal))
        {
            file.OnlyLine(Service, "Slice", Path.GetFileName(option.Value), option.Place);
        }
        else
        {
            file.Lose(
                option.Place,
                "a unit's control group is in a slice of systemd",
                "Slice=NAME.slice in [Service] says in which"
            );
        }
    }

    /// <summary>A device by its path, or by its name in a specification of CDI.</summary>
    public void Device(GivenOption option) => AddDevice(option.Value, option.Place);

    /// <summary>All of them, or those that are named: <c>all</c>, <c>"device=0,1"</c>.</summary>
    public void Gpus(GivenOption option)
    {
        string asked = option.Value.Trim('"');
        if (asked == "all")
        {
            AddDevice(RunOptions.Gpus + asked, option.Place);
        }
        else if (asked.StartsWith("device=", StringComparison.Ordinal))
        {
            foreach (string gpu in asked["device=".Length..].Split(','))
            {
                AddDevice(RunOptions.Gpus + gpu, option.Place);
            }
        }
        else
        {
            file.Lose(option.Place, RunOptions.NotCounted, RunOptions.Named);
        }
    }

    private void AddDevice(string device, string place)
    {
        try
        {
            _ = DeviceSetting.Check(device);
            file.Key("AddDevice", device, place);
        }
        catch (FormatException e)
        {
            file.Lose(place, e.Message, RunOptions.Named);
        }
    }

    /// <summary>A variable; one without a value has that of who called.</summary>
    public void Environment(GivenOption option)
    {
        if (option.Value.Contains('=', StringComparison.Ordinal))
        {
            file.Key("Environment", option.Value, option.Place);
        }
        else if (context.Variables.TryGetValue(option.Value, out string? value))
        {
            file.Key("Environment", $"{option.Value}={value}", option.Place);
            file.Note(option.Place, "its value is that of who calls now");
        }
        else
        {
            file.Lose(
                option.Place,
                "its value was that of who called, and is not known here",
                $"write Environment={option.Value.TrimEnd('*')}=VALUE"
            );
        }
    }

    /// <summary>A file of variables, which is read when it is applied.</summary>
    public void EnvironmentFile(GivenOption option) =>
        file.Key("EnvironmentFile", Absolute(option.Value), option.Place);

    /// <summary>A line for the shell; several lines only stand in a list.</summary>
    public void HealthCommand(GivenOption option)
    {
        try
        {
            file.Key(
                "HealthCmd",
                option.Value.Contains('\n', StringComparison.Ordinal)
                    ? JsonWords.Of(Settings.Health.HealthCommand.Parse(option.Value))
                    : option.Value,
                option.Place
            );
        }
        catch (FormatException e)
        {
            file.Lose(option.Place, e.Message, "HealthCmd= says it");
        }
    }

    /// <summary>No check, whatever the image has.</summary>
    public void NoHealthCheck(GivenOption option)
    {
        if (!option.IsOff)
        {
            file.Key("HealthCmd", "none", option.Place);
        }
    }

    /// <summary>Labels of a file, as they are now.</summary>
    public void LabelFile(GivenOption option)
    {
        try
        {
            foreach (
                string line in EnvironmentSetting.ReadFile(Absolute(option.Value), new Dictionary<string, string>())
            )
            {
                file.Key("Label", line, option.Place);
            }
        }
        catch (SysctrException e)
        {
            file.Lose(option.Place, e.Message, "write the labels with Label=");
        }
    }

    /// <summary>All is in the journal.</summary>
    public void LogDriver(GivenOption option)
    {
        switch (option.Value)
        {
            case "journald" or "passthrough" or "":
                break;
            case "json-file" or "local" or "k8s-file" or "syslog" or "passthrough-tty":
                file.Note(option.Place, "what it writes is in the journal: 'sysctr logs', journalctl(1)");
                break;
            case "none":
                file.OnlyLine(Service, "StandardOutput", "null", option.Place);
                file.OnlyLine(Service, "StandardError", "null", option.Place);
                break;
            default:
                file.Lose(
                    option.Place,
                    "what it writes is in the journal",
                    "have what reads journals send it on: systemd-journal-upload(8), fluent-bit, vector"
                );
                break;
        }
    }

    /// <summary>The name of the log's lines; sizes are the journal's.</summary>
    public void LogOption(GivenOption option)
    {
        string[] pair = option.Value.Split('=', 2);
        if (pair is ["tag", { Length: > 0 } tag] && !tag.Contains("{{", StringComparison.Ordinal))
        {
            file.OnlyLine(Service, "SyslogIdentifier", tag, option.Place);
        }
        else if (pair[0] is "max-size" or "max-file" or "compress" or "mode" or "max-buffer-size" or "path")
        {
            file.Note(option.Place, "how long the journal keeps what it has is in journald.conf(5)");
        }
        else
        {
            file.Lose(
                option.Place,
                "the log is the journal's",
                "SyslogIdentifier= and LogExtraFields= in [Service] mark its lines"
            );
        }
    }

    /// <summary>For another machine than this one there is nothing.</summary>
    public void Platform(GivenOption option)
    {
        string own = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "amd64",
            Architecture.Arm64 => "arm64",
            var other => other.ToString().ToLowerInvariant(),
        };
        if (
            option.Value.Split('/').Any(p => p != "linux" && p != own && !(p == "v8" && own == "arm64") && p.Length > 0)
        )
        {
            file.Lose(option.Place, "an image is fetched for the host's own platform", null);
        }
    }

    /// <summary>Kept until it is known whether the container's network takes ports.</summary>
    public void Publish(GivenOption option) => _published.Add(option);

    /// <summary>Docker's signatures of Notary, which are asked for where somebody says that they are not left
    /// out.</summary>
    public void ContentTrust(GivenOption option)
    {
        if (option.IsOff)
        {
            file.Lose(
                option.Place,
                "docker's content trust (Notary) is not there",
                "'sysctr trust set' wants other signatures of an image"
            );
        }
    }

    /// <summary>All rights; of several the last counts.</summary>
    public void Privileged(GivenOption option)
    {
        const string Flag = "--privileged";
        file.Remove(l => l is { Key: PodmanArguments.Key, Text: Flag });
        if (!option.IsOff)
        {
            file.Key(PodmanArguments.Key, Flag, option.Place);
        }
    }

    /// <summary>Other containers that have to run.</summary>
    public void Requires(GivenOption option)
    {
        string unit = ContainerName.OfUnit(option.Value) + ".service";
        file.Line(Unit, "Requires", unit, option.Place);
        file.Line(Unit, "After", unit, option.Place);
    }

    /// <summary>When systemd starts it again.</summary>
    public void Restart(GivenOption option)
    {
        string[] parts = option.Value.Split(':', 2);
        switch (parts[0])
        {
            case "no" or "":
                break;
            case "always" or "unless-stopped":
                file.OnlyLine(Service, "Restart", "always", option.Place);
                break;
            case "on-failure":
                file.OnlyLine(Service, "Restart", "on-failure", option.Place);
                if (
                    parts.Length == 2
                    && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int most)
                    && most is > 0 and < MostRetries
                )
                {
                    // The first start counts, too.
                    file.OnlyLine(
                        Unit,
                        "StartLimitBurst",
                        (most + 1).ToString(CultureInfo.InvariantCulture),
                        option.Place
                    );
                    file.OnlyLine(Unit, "StartLimitIntervalSec", "1h", option.Place);
                }

                break;
            default:
                file.Lose(
                    option.Place,
                    "it is no, always, unless-stopped or on-failure",
                    "Restart= in [Service] says it"
                );
                break;
        }
    }

    public void Runtime(GivenOption option)
    {
        string name = Path.GetFileName(option.Value);
        if (name is "runc" or "crun")
        {
            file.OnlyLine(ContainerKeys.Ours, "Runtime", option.Value, option.Place);
        }
        else
        {
            file.Lose(
                option.Place,
                "runc and crun are what sysctr runs containers by",
                option.Value == "nvidia" ? RunOptions.Named : "[X-Sysctr] Runtime= names one"
            );
        }
    }

    /// <summary>When its unit is ready.</summary>
    public void Notify(GivenOption option)
    {
        if (option.Value is "container" or "healthy")
        {
            file.Key("Notify", option.Value == "container" ? "true" : "healthy", option.Place);
        }
    }

    /// <summary>Each has a key of its own.</summary>
    public void Security(GivenOption option)
    {
        (string name, string value) = option.Value.IndexOfAny(['=', ':']) is >= 0 and var at
            ? (option.Value[..at], option.Value[(at + 1)..])
            : (option.Value, "");
        (string key, string text) = (name, value) switch
        {
            ("no-new-privileges", "" or "true") => ("NoNewPrivileges", "true"),
            ("no-new-privileges", _) => ("NoNewPrivileges", "false"),
            ("seccomp", "unconfined" or "builtin") => ("SeccompProfile", value),
            ("seccomp", _) => ("SeccompProfile", Absolute(value)),
            ("apparmor", _) => ("AppArmor", value),
            ("mask", _) => ("Mask", value),
            ("unmask", _) => ("Unmask", value is "ALL" ? "all" : value),
            ("systempaths", "unconfined") => ("Unmask", "all"),
            ("label", "disable") => ("SecurityLabelDisable", "true"),
            ("label", "nested") => ("SecurityLabelNested", "true"),
            ("label", _) when value.Split(':', 2) is ["type", var type] => ("SecurityLabelType", type),
            ("label", _) when value.Split(':', 2) is ["level", var level] => ("SecurityLabelLevel", level),
            ("label", _) when value.Split(':', 2) is ["filetype", var type] => ("SecurityLabelFileType", type),
            _ => ("", ""),
        };
        if (key.Length == 0)
        {
            file.Lose(
                option.Place,
                "sysctr has no such option of security",
                "there are no-new-privileges, seccomp, apparmor, label, mask and unmask"
            );
        }
        else if (text != "builtin")
        {
            file.Key(key, text, option.Place);
        }
    }

    /// <summary>A user, and a group behind a colon.</summary>
    public void User(GivenOption option)
    {
        string[] parts = option.Value.Split(':', 2);
        if (parts[0].Length == 0)
        {
            file.Lose(option.Place, "a group goes with a user", "write User=0, too");
            return;
        }

        file.Key("User", parts[0], option.Place);
        if (parts.Length == 2 && parts[1].Length > 0)
        {
            file.Key("Group", parts[1], option.Place);
        }
    }

    /// <summary>10 to 1000 of docker is 1 to 10000 of systemd, as runtimes reckon it.</summary>
    public void IOWeight(GivenOption option)
    {
        if (option.Value != "0")
        {
            Number(option, option.Value, "IOWeight", static weight => $"{Weight(weight)}");
        }
    }

    /// <summary>The same of one device.</summary>
    public void DeviceWeight(GivenOption option)
    {
        int colon = option.Value.LastIndexOf(':');
        Number(
            option,
            option.Value[(colon + 1)..],
            "IODeviceWeight",
            weight => $"{option.Value[..Math.Max(0, colon)]} {Weight(weight)}"
        );
    }

    public void DeviceLimit(GivenOption option, string key, bool isBytes)
    {
        int colon = option.Value.LastIndexOf(':');
        try
        {
            long most = isBytes
                ? Quantity.Bytes(option.Value[(colon + 1)..])
                : Quantity.Whole(option.Value[(colon + 1)..], 1, long.MaxValue);
            file.Line(
                Service,
                key,
                string.Create(CultureInfo.InvariantCulture, $"{option.Value[..Math.Max(0, colon)]} {most}"),
                option.Place
            );
        }
        catch (FormatException e)
        {
            file.Lose(option.Place, e.Message, $"{key}=DEVICE NUMBER in [Service] says it");
        }
    }

    private static long Weight(long weight) => 1 + (((weight - 10) * 9999) / 990);

    private void Number(GivenOption option, string text, string key, Func<long, string> line)
    {
        try
        {
            file.Line(Service, key, line(Quantity.Whole(text, 10, 1000)), option.Place);
        }
        catch (FormatException e)
        {
            file.Lose(option.Place, e.Message, $"{key}= in [Service] says it");
        }
    }
}
