// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Render;
using SystemContainers.Settings;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Quadlet;

/// <summary>What is done with keys that are more than an option.</summary>
sealed partial class ContainerReader
{
    private const int MostSeconds = 86_400;

    /// <summary>Devices; one with a dash in front need not be there.</summary>
    public void Devices(IReadOnlyList<QuadletValue> devices)
    {
        foreach (QuadletValue device in devices)
        {
            bool mayLack = device.Text.StartsWith('-');
            string text = mayLack ? device.Text[1..] : device.Text;
            if (!mayLack || !host.LooksAtHost || Path.Exists(host.Inside(text.Split(':')[0])))
            {
                Add("device", text, device.Place, "AddDevice");
            }
            else
            {
                faults.Note(device.Place, $"AddDevice=: the host has no {text.Split(':')[0]}; left out");
            }
        }
    }

    /// <summary>All that says "where systemd wants it" is what sysctr does.</summary>
    public void CgroupsMode(IReadOnlyList<QuadletValue> values)
    {
        if (values[^1].Text is not ("split" or "enabled" or "no-conmon"))
        {
            Fault(
                values[^1].Place,
                $"CgroupsMode={values[^1].Text}: a payload is always in its unit's control group",
                "leave it out"
            );
        }
    }

    /// <summary>What podman calls it; others on its networks find it by that name.</summary>
    public void FurtherName(IReadOnlyList<QuadletValue> values)
    {
        _furtherName = values[^1];
        if (values[^1].Text != files.NameOf(unit))
        {
            faults.Note(
                values[^1].Place,
                $"ContainerName={values[^1].Text}: the container is called {files.NameOf(unit)}, as its unit, and found by both names on its networks; ServiceName= gives both another name"
            );
        }
    }

    /// <summary>An empty one takes the image's away.</summary>
    public void Entrypoint(IReadOnlyList<QuadletValue> values)
    {
        if (values.Count > 0)
        {
            Add("entrypoint", values[^1].Text, values[^1].Place, "Entrypoint");
        }
    }

    /// <summary>Variables, which count more than those of files.</summary>
    public void Environment(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue value in values)
        {
            try
            {
                foreach (string variable in Resolved(value, "Environment"))
                {
                    Add("env", variable, value.Place, "Environment");
                }
            }
            catch (FormatException e)
            {
                Fault(value.Place, $"Environment={value.Text}: {e.Message}", null);
            }
        }
    }

    /// <summary>Variables of files, as they are now.</summary>
    public void EnvironmentFiles(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue value in host.LooksAtHost ? values : [])
        {
            string path = value.Text is ['/', ..]
                ? host.Inside(value.Text)
                : Path.GetFullPath(value.Text, Path.GetDirectoryName(unit.Path)!);
            try
            {
                _fileVariables.AddRange(
                    EnvironmentSetting.ReadNamed(path, line => Resolved(value with { Text = line }, "EnvironmentFile"))
                );
            }
            catch (SysctrException e)
            {
                Fault(
                    value.Place,
                    $"EnvironmentFile=: {e.Message.Replace("reading --env-file ", "", StringComparison.Ordinal)}",
                    e.Hint
                );
            }
        }
    }

    /// <summary>NAME=VALUE of a variable as podman takes it, from its own environment where it has no value:
    /// <c>NAME</c>, <c>NAME*</c>.</summary>
    private string[] Resolved(QuadletValue variable, string key)
    {
        if (variable.Text.Contains('=', StringComparison.Ordinal))
        {
            return [variable.Text];
        }

        string[] found =
            variable.Text is [.. var prefix, '*']
                ? [.. _expansion.Variables.Begin(prefix).Select(v => $"{v.Name}={v.Value}")]
            : _expansion.Variables.Find(variable.Text) is { } own ? [$"{variable.Text}={own}"]
            : [];
        if (found.Length == 0)
        {
            faults.Note(
                variable.Place,
                $"{key}={variable.Text}: it has no value here, nor in [Service], nor of systemd; left out"
            );
        }

        return found;
    }

    /// <summary>What [Service] gives its programs is podman's, and not its container's: the start tells the two
    /// apart.</summary>
    private void ServiceVariables()
    {
        foreach ((string name, string? value) in _expansion.Variables.Assigned)
        {
            _added.Add(
                new UnitLine(DeclaredUnit.Ours, DeclaredUnit.Environment, StartAnnotations.OfService(name, value))
            );
        }

        foreach (QuadletValue file in _expansion.Variables.Files)
        {
            _added.Add(
                new UnitLine(DeclaredUnit.Ours, DeclaredUnit.Environment, StartAnnotations.ServiceFile + file.Text)
            );
        }
    }

    /// <summary>The unit's time to stop is what podman may take for it, and podman ends the payload before by its own:
    /// the shorter one counts.</summary>
    private void StopTimeout()
    {
        if (
            _settings.GetValueOrDefault("stop-timeout") is [.., var seconds]
            && unit.Of("Service").LastOrDefault(l => l.Key is "TimeoutStopSec" or "TimeoutSec")
                is { Value.Text.Length: > 0 } line
            && UnitTime.Limit(line.Value.Text) is { } most
            && most > double.Parse(seconds, CultureInfo.InvariantCulture)
        )
        {
            _added.Add(new UnitLine("Service", "TimeoutStopSec", seconds == "0" ? "1ms" : seconds));
            Note(
                line.Value.Place,
                $"{line.Key}={line.Value.Text}: the payload has the {seconds} s of StopTimeout=, which are less"
            );
        }
    }

    /// <summary>The payload's words behind its entry point.</summary>
    public void Exec(IReadOnlyList<QuadletValue> words)
    {
        foreach (QuadletValue word in words)
        {
            Add(ContainerSettings.Command, word.Text, word.Place, "Exec");
        }
    }

    /// <summary>Labels; one without a value has an empty one.</summary>
    public void Labels(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue label in values)
        {
            string text = label.Text.Contains('=', StringComparison.Ordinal) ? label.Text : label.Text + "=";
            Add("label", text, label.Place, "Label");
            if (text.StartsWith(AutoUpdateLabel + "=", StringComparison.Ordinal))
            {
                AutoUpdate([label with { Text = text[(AutoUpdateLabel.Length + 1)..] }]);
            }
        }
    }

    /// <summary>The journal, which has it all.</summary>
    public void LogDriver(IReadOnlyList<QuadletValue> values)
    {
        if (values[^1].Text is not ("journald" or "passthrough"))
        {
            Fault(
                values[^1].Place,
                $"LogDriver={values[^1].Text}: what a payload writes is in the journal",
                "leave it out; StandardOutput= in [Service] has other ends, null and file: among them"
            );
        }
    }

    public void Mounts(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue mount in values)
        {
            string[] parts;
            try
            {
                parts = [.. CommaWords.Split(mount.Text)];
            }
            catch (FormatException e)
            {
                Fault(mount.Place, $"Mount={mount.Text}: {e.Message}", null);
                continue;
            }

            string type = parts.LastOrDefault(p => p.StartsWith("type=", StringComparison.Ordinal))?[5..] ?? "volume";
            for (int i = 0; type is "volume" or "bind" or "image" && i < parts.Length; i++)
            {
                if (parts[i].Split('=', 2) is ["source" or "src", var source])
                {
                    QuadletValue named = mount with { Text = source };
                    if ((type == "image" ? MountedImage(named) : Source(named, "Mount")) is not { } resolved)
                    {
                        return;
                    }

                    parts[i] = $"source={resolved}";
                }
            }

            Add("mount", CommaWords.Join(parts), mount.Place, "Mount");
        }
    }

    /// <summary>Networks, by the class that knows them.</summary>
    public void Networks(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue network in values)
        {
            QuadletNetworks.Join(this, network, files, host.IsUser);
        }
    }

    /// <summary>Whether set-user-ID programs may give rights.</summary>
    public void NoNewPrivileges(IReadOnlyList<QuadletValue> values) =>
        Add(
            "security-opt",
            $"no-new-privileges={(Yes(values[^1], "NoNewPrivileges") ? "true" : "false")}",
            values[^1].Place,
            "NoNewPrivileges"
        );

    /// <summary>Who says that the payload is ready.</summary>
    public void Notify(IReadOnlyList<QuadletValue> values)
    {
        if (values[^1].Text.Equals("healthy", StringComparison.OrdinalIgnoreCase))
        {
            Add("sdnotify", "healthy", values[^1].Place, "Notify");
        }
        else if (Yes(values[^1], "Notify"))
        {
            _added.Add(new UnitLine(DeclaredUnit.Ours, DeclaredUnit.Notify, "yes"));
        }
    }

    /// <summary>No pod: what is in one has been joined to it before it is read.</summary>
    public void Pod(IReadOnlyList<QuadletValue> values) =>
        Fault(
            values[^1].Place,
            values[^1].Text.EndsWith(".pod", StringComparison.Ordinal)
                ? $"Pod=: no file declares {values[^1].Text}"
                : $"Pod=: {values[^1].Text} is no .pod file",
            "add the file of the pod to the call, or leave the key out"
        );

    /// <summary>Whether the root is read-only, which it is where nobody says anything.</summary>
    public void ReadOnly(IReadOnlyList<QuadletValue> values)
    {
        bool yes = Yes(values[^1], "ReadOnly");
        if (!yes || SettingOptions.Find("read-only") is not null)
        {
            Add("read-only", yes ? "true" : "false", values[^1].Place, "ReadOnly");
        }
    }

    public void ReloadCommand(IReadOnlyList<QuadletValue> words)
    {
        if (words.FirstOrDefault(w => w.Text.Any(char.IsControl)) is { } odd)
        {
            Fault(
                odd.Place,
                "ReloadCmd=: a word has a control character, and what stands in a unit is one line",
                "have a script in the image do it"
            );
            return;
        }

        string[] command =
        [
            host.Tool,
            .. host.IsUser ? ["--user"] : Array.Empty<string>(),
            "exec",
            files.NameOf(unit),
            "--",
            .. words.Select(w => w.Text),
        ];
        AddReload(CommandLine.Of(command), words[0].Place);
    }

    /// <summary>A signal to the payload reloads it.</summary>
    public void ReloadSignal(IReadOnlyList<QuadletValue> values)
    {
        if (Oci.StopSignal.Find(values[^1].Text) is { } signal)
        {
            AddReload(
                $"kill -s {(signal.StartsWith("SIG", StringComparison.Ordinal) ? signal[3..] : signal)} $MAINPID",
                values[^1].Place
            );
        }
        else
        {
            Fault(values[^1].Place, $"ReloadSignal={values[^1].Text}: signal(7) has no such signal", null);
        }
    }

    /// <summary>What the container and its unit are called: QuadletNames has it.</summary>
    public void Name(IReadOnlyList<QuadletValue> values)
    {
        if (values[^1].Text.EndsWith(".service", StringComparison.Ordinal))
        {
            Fault(values[^1].Place, $"'{values[^1].Text}': it is the name without .service", null);
        }
    }

    /// <summary>Goes with a pod alone.</summary>
    public void StartWithPod(IReadOnlyList<QuadletValue> values)
    {
        _ = Yes(values[^1], "StartWithPod");
        if (unit.Last(ContainerKeys.Container, "Pod") is null)
        {
            faults.Note(values[^1].Place, "StartWithPod=: the container is in no pod");
        }
    }

    /// <summary>Volumes and directories of the host.</summary>
    public void Volumes(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue volume in values)
        {
            string[] parts = volume.Text.Split(':', 3);
            if (parts.Length > 1 && parts[0].Length > 0)
            {
                if (Source(volume with { Text = parts[0] }, "Volume") is not { } source)
                {
                    continue;
                }

                parts[0] = source;
            }

            Add("volume", string.Join(':', parts), volume.Place, "Volume");
        }
    }

    /// <summary>What runs it.</summary>
    public void Runtime(IReadOnlyList<QuadletValue> values) => _request = _request with { Runtime = values[^1].Text };

    /// <summary>How long it has to stay up.</summary>
    public void Settle(IReadOnlyList<QuadletValue> values)
    {
        if (
            int.TryParse(values[^1].Text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            && seconds <= MostSeconds
        )
        {
            _settle = TimeSpan.FromSeconds(seconds);
        }
        else
        {
            Fault(values[^1].Place, $"Settle={values[^1].Text}: it is a number of seconds", null);
        }
    }

    /// <summary>How many deployments of it stay.</summary>
    public void Keep(IReadOnlyList<QuadletValue> values)
    {
        if (int.TryParse(values[^1].Text, NumberStyles.None, CultureInfo.InvariantCulture, out int keep) && keep >= 1)
        {
            _keep = keep;
        }
        else
        {
            Fault(
                values[^1].Place,
                $"Keep={values[^1].Text}: it is a number from 1 on, for the deployment in use counts",
                null
            );
        }
    }

    private void VolatileTmp()
    {
        if (
            unit.Last(ContainerKeys.Container, "VolatileTmp") is { Text.Length: > 0 } wanted
            && Yes(wanted, "VolatileTmp")
            && !(unit.Last(ContainerKeys.Container, "ReadOnly") is { Text.Length: > 0 } only && Yes(only, "ReadOnly"))
        )
        {
            Add("tmpfs", "/tmp:rw,size=512M,mode=1777", wanted.Place, "VolatileTmp");
        }
    }

    private void AddReload(string command, QuadletPlace place)
    {
        if (_added.Any(l => l.Key == "ExecReload"))
        {
            Fault(place, "ReloadCmd= and ReloadSignal= are both there", "leave one of the two out");
        }

        _added.Add(new UnitLine("Service", "ExecReload", command));
    }

    /// <summary>The source of a mount: a path of the host, made absolute; the name of a volume. Null where it is a
    /// fault.</summary>
    private string? Source(QuadletValue source, string key)
    {
        string text = source.Text;
        if (text.StartsWith('.'))
        {
            if (host.OnHost(Path.GetFullPath(text, Path.GetDirectoryName(unit.Path)!)) is not { } found)
            {
                Fault(
                    source.Place,
                    $"{key}=: {text} is relative to a file that the host does not have",
                    "write an absolute path"
                );
                return null;
            }

            text = found;
        }

        if (text.StartsWith('/'))
        {
            _sources.Add(source with { Text = text });
            _added.Add(new UnitLine("Unit", "RequiresMountsFor", UnitSections.Quoted(text, asPath: true)));
            string path = HostPath.Absolute(text);
            if (MadeDirectories.Make(unit, path, _expansion, host))
            {
                _added.Add(new UnitLine(DeclaredUnit.Ours, DeclaredUnit.Makes, path));
            }

            return text;
        }

        if (Path.GetExtension(text) is not (".volume" or ".image" or ".artifact"))
        {
            return text;
        }

        if (text.EndsWith(".volume", StringComparison.Ordinal) && files.Find(text) is { } volume)
        {
            try
            {
                return
                    _expansion.Expand(VolumeFile.NameOf(volume)) is var name
                    && (name.Unset.Count == 0 || host.LooksAtHost)
                    ? name.Text
                    : null;
            }
            catch (FormatException e)
            {
                Fault(source.Place, $"{key}=: {e.Message}", null);
                return null;
            }
        }

        Fault(
            source.Place,
            text.EndsWith(".volume", StringComparison.Ordinal)
                ? $"{key}=: no file declares {text}"
                : $"{key}=: {text} can't be mounted: there are directories and volumes",
            text.EndsWith(".volume", StringComparison.Ordinal) ? $"add {text} to the call" : null
        );
        return null;
    }
}
