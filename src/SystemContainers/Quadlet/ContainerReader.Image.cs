// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Reference;

namespace SystemContainers.Quadlet;

/// <summary>What a container is made of.</summary>
sealed partial class ContainerReader
{
    /// <summary>The image, or the .image file that names it.</summary>
    public void Image(IReadOnlyList<QuadletValue> values)
    {
        QuadletValue image = values[^1];
        switch (Path.GetExtension(image.Text))
        {
            case ".image" when files.Find(image.Text) is { } named:
                // What is wrong with it is told where it is read for itself.
                ImageFile file = ImageFile.Read(named, host, new QuadletFaults());
                _request = _request with { Image = file.Image, Pull = file.Pull };
                break;
            case ".image":
                Fault(image.Place, $"Image=: no file declares {image.Text}", null);
                break;
            case ".build":
                Fault(image.Place, $"Image={image.Text}: sysctr builds no images", "build it with podman or buildah, push it, and name it here");
                break;
            default:
                _request = _request with { Image = image.Text };
                break;
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
}
