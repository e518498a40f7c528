using System.CommandLine;
using SystemContainers.Deploy;

namespace SystemContainers.Cli.Commands;

static class PullCommand
{
    private static readonly Argument<string[]> s_images = new("IMAGE")
    {
        Description = "What to pull: etcd, quay.io/org/etcd:3.5, docker://host:5000/etcd@sha256:…, oci:DIR[:TAG].",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create()
    {
        Command command = new(
            "pull",
            """
            Pulls images into the store without installing anything. Layers that are there are not fetched again. Prints each
            image's ID.

            Examples:
              sysctr pull etcd flanneld
            """);
        command.Add(s_images);
        command.SetAction(async (parsed, cancellation) =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            await host.RecoverAsync(cancellation);
            using PullProgressView progress = new(terminal);
            foreach (string image in parsed.GetValue(s_images)!)
            {
                StoredImage stored = await new ImageFetch(host, progress).FetchAsync(image, PullPolicy.Always, cancellation);
                progress.Finish();
                terminal.Result(stored.Record.ConfigDigest.ToString());
            }

            return 0;
        });
        return command;
    }
}
