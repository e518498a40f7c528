// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Reference;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.State;

namespace SystemContainers.Quadlet;

/// <summary>What a container is made of: its image, what that is given and may bring to the host, and when it is looked
/// for again.</summary>
sealed partial class ContainerReader
{
    /// <summary>The label that says what AutoUpdate= says.</summary>
    private const string AutoUpdateLabel = "io.containers.autoupdate";

    /// <summary>The image, or the .image file that names it.</summary>
    public void Image(IReadOnlyList<QuadletValue> values)
    {
        QuadletValue image = values[^1];
        if (Named(image, "Image") is { } found)
        {
            _request = _request with { Image = found.Name, Pull = found.Pull ?? _request.Pull };
        }
    }

    /// <summary>Another image, whose files are mounted; or the .image file that names it, with when its registry is
    /// asked.</summary>
    /// <returns>Its name; null where it is a fault.</returns>
    private string? MountedImage(QuadletValue image)
    {
        if (Named(image, "Mount") is not { } found)
        {
            return null;
        }

        if (found.Pull is { } pull)
        {
            if (found.Name.Length == 0)
            {
                return null;
            }

            _request = _request with
            {
                MountPulls = new Dictionary<string, PullPolicy>(_request.MountPulls, StringComparer.Ordinal)
                {
                    [found.Name] = pull,
                },
            };
        }

        return found.Name;
    }

    /// <summary>What a name of an image means.</summary>
    /// <returns>When its registry is asked, too, where a file says it; null where the name is a fault.</returns>
    private (string Name, PullPolicy? Pull)? Named(QuadletValue image, string key)
    {
        switch (Path.GetExtension(image.Text))
        {
            case ".image" when files.Find(image.Text) is { } named:
                // What is wrong with it is told where it is read for itself.
                ImageFile file = ImageFile.Read(named, host, new QuadletFaults());
                return (file.Image, file.Pull);
            case ".image":
                Fault(image.Place, $"{key}=: no file declares {image.Text}", $"add {image.Text} to the call");
                return null;
            case ".build":
                Fault(
                    image.Place,
                    $"{key}={image.Text}: sysctr builds no images",
                    "build it with podman or buildah, push it, and name it here"
                );
                return null;
            default:
                return (image.Text, null);
        }
    }

    /// <summary>A directory of the host in the place of an image.</summary>
    public void Rootfs(IReadOnlyList<QuadletValue> values)
    {
        QuadletValue rootfs = values[^1];
        string[] parts = rootfs.Text.Split(':');
        if (unit.Last(ContainerKeys.Container, "Image") is { Text.Length: > 0 })
        {
            Fault(rootfs.Place, "Image= and Rootfs= are both there", "leave one of the two out");
        }

        if (!parts[0].StartsWith('/'))
        {
            Fault(rootfs.Place, $"Rootfs={rootfs.Text}: it is no absolute path", null);
            return;
        }

        if (parts.Skip(1).FirstOrDefault(o => o != "O") is { } odd)
        {
            Fault(rootfs.Place, $"Rootfs=: '{odd}' is no option that such a directory has here", "there is O");
        }

        if (parts.Length > 1)
        {
            Add("writable", "volatile", rootfs.Place, "Rootfs");
        }

        _sources.Add(rootfs with { Text = parts[0] });
        _request = _request with { Image = ImageReference.Rootfs, Rootfs = parts[0] };
    }

    /// <summary>When apply asks the registry.</summary>
    public void Pull(IReadOnlyList<QuadletValue> values)
    {
        if (ImageFile.PullOf(values[^1].Text) is { } pull)
        {
            _request = _request with { Pull = pull };
        }
        else
        {
            Fault(values[^1].Place, $"Pull={values[^1].Text}: it is missing, always, newer or never", null);
        }
    }

    /// <summary>Whether it is updated at night.</summary>
    public void AutoUpdate(IReadOnlyList<QuadletValue> values)
    {
        switch (values[^1].Text)
        {
            case "registry":
                _request = _request with { AutoUpdate = AutoUpdatePolicy.Registry };
                break;
            case "disabled":
                break;
            default:
                Fault(
                    values[^1].Place,
                    $"AutoUpdate={values[^1].Text}: {(values[^1].Text == "local" ? "sysctr does not follow names of the store" : "it is registry or disabled")}",
                    "AutoUpdate=registry asks the registry; without it 'sysctr update' does when you call it"
                );
                break;
        }
    }

    /// <summary>Rights that the image may have on the host.</summary>
    public void Grant(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue value in values)
        {
            try
            {
                RightsPolicy.CheckClass($"Grant={value.Text}", value.Text);
            }
            catch (SysctrException e)
            {
                Fault(value.Place, e.Message, e.Hint);
            }
        }

        _request = _request with { Grants = [.. values.Select(v => v.Text)] };
    }

    /// <summary>Whether the image's files for the host are installed.</summary>
    public void HostFiles(IReadOnlyList<QuadletValue> values) =>
        _request = _request with { WithoutHostFiles = !Yes(values[^1], "HostFiles") };

    /// <summary>How it has its tree.</summary>
    public void Checkout(IReadOnlyList<QuadletValue> values)
    {
        if (CheckoutForms.TryParse(values[^1].Text, out CheckoutForm? form))
        {
            _request = _request with { Checkout = form };
        }
        else
        {
            Fault(
                values[^1].Place,
                $"Checkout={values[^1].Text}: that is no form of checkout",
                "write auto, composefs or hardlinks"
            );
        }
    }

    /// <summary>Values for an image's templates.</summary>
    public void Set(IReadOnlyList<QuadletValue> values)
    {
        Dictionary<string, string> set = new(StringComparer.Ordinal);
        foreach (QuadletValue value in values)
        {
            if (value.Text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                set[value.Text[..equals]] = value.Text[(equals + 1)..];
            }
            else
            {
                Fault(value.Place, $"Set={value.Text}: it is NAME=VALUE", null);
            }
        }

        _request = _request with { Set = set };
    }
}
