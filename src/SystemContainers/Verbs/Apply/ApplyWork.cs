// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Oci;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.Runtime;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Apply;

/// <summary>What is to be done to a container.</summary>
/// <param name="Name">The container.</param>
/// <param name="Declaration">What it shall be; null for one that goes.</param>
/// <param name="Before">The deployment in use; null for a new one.</param>
sealed record ApplyItem(string Name, ApplyAction Action, ContainerDeclaration? Declaration, ContainerRecord? Before)
{
    /// <summary>Of one that comes or changes.</summary>
    public WantedImage? Image { get; init; }

    /// <summary>The file that declares it, or did.</summary>
    public string File => Declaration?.Request.Declared?.File ?? Before!.Declared!.File;

    /// <summary>What is to be said of it, before or after.</summary>
    /// <param name="after">The deployment that it has then; null where none is known.</param>
    public ApplyReport Report(ContainerRecord? after) =>
        new(Name, Action, File, HistoryDeployment.Of(Before), HistoryDeployment.Of(after));
}

/// <summary>How what is installed differs from what is declared, by records alone: no image is looked at.</summary>
/// <param name="Items">All that is declared, in the order of the files, then what goes.</param>
/// <param name="Pulls">Images to fetch besides.</param>
sealed record ApplyWork(IReadOnlyList<ApplyItem> Items, IReadOnlyList<WantedImage> Pulls)
{
    /// <summary>Containers that come or change, as far as is known without their images.</summary>
    public IReadOnlyList<ApplyItem> Changing =>
        [.. Items.Where(i => i.Action is ApplyAction.Install or ApplyAction.Update)];

    /// <summary>Containers that go.</summary>
    public IReadOnlyList<ApplyItem> Leaving => [.. Items.Where(i => i.Action == ApplyAction.Uninstall)];

    /// <summary>Containers to lock.</summary>
    public string[] Names => [.. Items.Where(i => i.Action != ApplyAction.None).Select(i => i.Name)];

    /// <summary>Images of the containers that change, in their order, then the others.</summary>
    public IReadOnlyList<WantedImage> Images => [.. Changing.Select(i => i.Image!), .. Pulls];

    /// <summary>Whether all is as it is declared.</summary>
    public bool IsNothing => Names.Length + Pulls.Count == 0;

    /// <summary>Compares.</summary>
    /// <param name="set">What is declared.</param>
    /// <param name="request">How it is applied.</param>
    /// <exception cref="SysctrException">Conflict: a container of a name is somebody else's; Usage: an image's name is
    /// none.</exception>
    public static ApplyWork Of(Host host, QuadletSet set, ApplyRequest request)
    {
        List<ApplyItem> items = [.. set.Containers.Select(c => Declared(host, c, request))];
        if (request.Prune)
        {
            ApplyFiles files = new(host);
            items.AddRange(
                host.Catalog.List(_ => { })
                    .Where(r =>
                        r.Declared is { } declared
                        && files.Covers(declared.File, request.Places)
                        && set.Containers.All(c => c.Name != r.Name)
                    )
                    .Select(r => new ApplyItem(r.Name, ApplyAction.Uninstall, null, r))
            );
        }

        return new ApplyWork(
            items,
            [
                .. set
                    .Images.Select(i => new WantedImage(host.Registries, i.Image, PolicyOf(i.Pull, request)))
                    .Where(w => w.Policy == PullPolicy.Always || !IsStored(host, w)),
            ]
        );
    }

    private static ApplyItem Declared(Host host, ContainerDeclaration declaration, ApplyRequest request)
    {
        InstallRequest asked = declaration.Request;
        WantedImage image = new(
            host.Registries,
            asked with
            {
                Pull = PolicyOf(asked.Pull, request),
                MountPulls = asked.MountPulls.ToDictionary(
                    p => p.Key,
                    p => PolicyOf(p.Value, request),
                    StringComparer.Ordinal
                ),
            }
        );
        CheckName(image, declaration.ImagePlace, "Image=");
        foreach ((string name, WantedImage mounted) in image.Mounted)
        {
            string mount = asked.Settings.All("mount").First(m => MountSetting.Parse(m).Image == name);
            CheckName(mounted, declaration.Said.Place("mount", mount), "Mount=");
        }

        ContainerRecord? before = host.Catalog.Find(declaration.Name);
        return before is { Declared: null }
            ? throw new SysctrException(
                ErrorKind.Conflict,
                $"{declaration.Unit.Path}: a container '{declaration.Name}' is installed that no file declares, from {before.Image}",
                "give this one another name, or uninstall that one first"
            )
            : new ApplyItem(
                declaration.Name,
                before is null ? ApplyAction.Install
                    : image.All.All(i => i.Policy != PullPolicy.Always)
                    && IsAsDeclared(host, before, declaration.Request, image)
                        ? ApplyAction.None
                    : ApplyAction.Update,
                declaration,
                before
            )
            {
                Image = image,
            };
    }

    private static void CheckName(WantedImage image, QuadletPlace place, string key)
    {
        try
        {
            _ = image.Candidates;
        }
        catch (SysctrException e)
        {
            throw new SysctrException(e.Kind, $"{place}: {key}: {e.Message}", e.Hint, e);
        }
    }

    private static PullPolicy PolicyOf(PullPolicy declared, ApplyRequest request) =>
        request.Offline ? PullPolicy.Never : declared;

    private static bool IsStored(Host host, WantedImage image) =>
        Directory.Exists(host.StoreHere)
        && image.Candidates.Any(c =>
            host.OpenStore().Images.Find(c.ToString()) is { } record && record.DiffIds.All(host.OpenStore().HasLayer)
        );

    /// <summary>Whether an update to what is declared would change nothing, as long as the image's name means what it
    /// meant.</summary>
    private static bool IsAsDeclared(Host host, ContainerRecord before, InstallRequest request, WantedImage image) =>
        image.Candidates.Any(c => c.ToString() == before.Image)
        && image.Mounted.All(m =>
            before.MountedImages.FirstOrDefault(b => b.Name == m.Key) is { } mounted
            && m.Value.Candidates.Any(c => c.ToString() == mounted.Image)
        )
        && (
            before.Settings.IsSameAs(request.Settings)
            || before.Settings.IsSameAs(request.Usual.With(request.Settings, []))
        )
        && before.Set.Count == request.Set.Count
        && before.Set.All(s => request.Set.TryGetValue(s.Key, out string? value) && value == s.Value)
        && before.Runtime
            == OciRuntime.Find(request.Runtime ?? SysctrConfiguration.Load(host.Paths).Runtime, host.Root).Path
        && before.WithoutHostFiles == request.WithoutHostFiles
        && before.Checkout == request.Checkout
        && before.Declared!.HasSameLines(request.Declared!)
        && HasSameRecord(before, request)
        && HasSameProfile(host, before, request)
        && (
            before.ConfigDigest is null
            || System.IO.File.Exists(host.Deployment(before.Name, before.Deployment).ConfigFile)
        );

    /// <summary>
    /// Whether the seccomp profile that its options name has the text that it had, as far as the record tells: older
    /// ones do not. Of one that can't be read preparing says why.
    /// </summary>
    private static bool HasSameProfile(Host host, ContainerRecord before, InstallRequest request)
    {
        try
        {
            Digest? now = SeccompFile.DigestFor(host.Root, request.Settings);
            return before.SeccompDigest is null || now == before.SeccompDigest;
        }
        catch (SysctrException)
        {
            return false;
        }
    }

    /// <summary>Whether what stands in the record alone, and restarts nothing, is as declared.</summary>
    public static bool HasSameRecord(ContainerRecord before, InstallRequest request) =>
        before.AutoUpdate == request.AutoUpdate
        && before.Declared?.File == request.Declared?.File
        && before.Declared?.Keep == request.Declared?.Keep
        && request.Grants.Where(g => g != RightsRule.All).All(g => before.Grants.Contains(g, StringComparer.Ordinal));
}
