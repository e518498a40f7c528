// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>The form of checkout that was asked for is kept over updates, until another one is, or none.</summary>
[Trait("needs", "root")]
public sealed class UpdateCheckoutTests : IAsyncLifetime
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-form-").FullName;
    private readonly List<string> _notes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Root => _base + "/root";

    public async ValueTask InitializeAsync()
    {
        foreach (
            string directory in (string[])
                [
                    "etc/systemd/system",
                    "etc/containers",
                    "etc/sysctr",
                    "usr/bin",
                    "usr/lib/systemd/system",
                    "var/lib",
                    "run",
                ]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, directory));
        }

        foreach (string program in (string[])["runc", "sysctr"])
        {
            await File.WriteAllTextAsync($"{Root}/usr/bin/{program}", "", Cancellation);
        }

        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n", UnixFileMode.UserRead | UnixFileMode.UserExecute)
            .WriteAsync(_base + "/image");
        using Host host = Host.Open(Root, _notes.Add);
        await new InstallOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
            [new InstallRequest($"oci:{_base}/image:latest") { Name = "app", Checkout = CheckoutForm.HardLinks }],
            now: false,
            StartPolicy.Default,
            Cancellation
        );
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_base, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_was_asked_for_earlier_is_forgotten_with_auto()
    {
        // sysctr.toml is a newer wish than none, and an older one than that of the install.
        await File.WriteAllTextAsync(Root + "/etc/sysctr/sysctr.toml", "checkout = \"composefs\"\n", Cancellation);

        ContainerRecord kept = await UpdateAsync(new UpdateRequest());
        Assert.Equal((0, CheckoutForm.HardLinks, false), (kept.Deployment, kept.Checkout, kept.Composefs is not null));

        ContainerRecord host = await UpdateAsync(new UpdateRequest { ForgetsCheckout = true });
        Assert.Equal((1, null, true), (host.Deployment, host.Checkout, host.Composefs is not null));

        // Another wish of the host's is no reason for an update by itself, but for one that asks for it.
        await File.WriteAllTextAsync(Root + "/etc/sysctr/sysctr.toml", "checkout = \"hardlinks\"\n", Cancellation);
        Assert.Equal(1, (await UpdateAsync(new UpdateRequest())).Deployment);
        host = await UpdateAsync(new UpdateRequest { ForgetsCheckout = true });
        Assert.Equal((2, null, false), (host.Deployment, host.Checkout, host.Composefs is not null));
    }

    /// <summary>It counts from the next update on, which need not make another deployment of this one.</summary>
    [Fact]
    public async Task Where_the_form_stays_the_record_alone_changes()
    {
        ContainerRecord auto = await UpdateAsync(new UpdateRequest { ForgetsCheckout = true });
        Assert.Equal((0, null), (auto.Deployment, auto.Checkout));
        Assert.Contains("app: checkout: auto; nothing else was changed", _notes);

        ContainerRecord asked = await UpdateAsync(new UpdateRequest { Checkout = CheckoutForm.HardLinks });
        Assert.Equal((0, CheckoutForm.HardLinks), (asked.Deployment, asked.Checkout));
    }

    [Fact]
    public async Task Of_what_stands_in_the_record_alone_it_tells_what_was_asked_for()
    {
        await UpdateAsync(new UpdateRequest { Grants = ["cron"] });
        await UpdateAsync(new UpdateRequest { Grants = ["cron", "unit"], AutoUpdate = AutoUpdatePolicy.Registry });

        Assert.Equal(
            [
                "app: granted: cron; nothing else was changed",
                "app: automatic updates: registry, granted: unit; nothing else was changed",
            ],
            _notes.Where(n => n.Contains("nothing else", StringComparison.Ordinal))
        );
    }

    private async Task<ContainerRecord> UpdateAsync(UpdateRequest request)
    {
        using Host host = Host.Open(Root, _notes.Add);
        await new UpdateOperation(host, NoProgress.Instance, _notes.Add).RunAsync(["app"], request, Cancellation);
        return host.Catalog.Get("app");
    }
}
