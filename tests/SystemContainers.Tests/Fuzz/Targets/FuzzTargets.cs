// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Sources;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Reference;
using SystemContainers.Render;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>Every reader of bytes that others wrote. The tests give them documents that are wrong in one place,
/// <c>tests/Fuzz</c> whatever reaches new code.</summary>
static class FuzzTargets
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly Platform s_platform = new("amd64", "linux");

    /// <summary>Not a static field: files are made for one of them.</summary>
    public static IReadOnlyList<FuzzTarget> All =>
        [
            TarTargets.Archive,
            TarTargets.Pax,
            ChunkedTargets.Table,
            ChunkedTargets.TarSplit,
            ChunkedTargets.Writer,
            Reference,
            Challenge,
            Manifest,
            Config,
            RegistriesConf,
            LegacyText,
            Unit,
            Quadlet,
            EnvironmentFile,
            ConversionTargets.DockerRun,
            ConversionTargets.Compose,
            SignatureTargets.Signature,
            SignatureTargets.Payload,
            SignatureTargets.Keyring,
            SignatureTargets.RegistriesD,
            StatementTargets.Bundle,
            StatementTargets.Attachment,
            StatementTargets.Statement,
            StatementTargets.Stamp,
            StatementTargets.Note,
            StatementTargets.X509,
        ];

    /// <summary>A name as it is typed: what is shown of it names the same.</summary>
    public static FuzzTarget Reference { get; } =
        new(
            "reference",
            [ErrorKind.Usage, ErrorKind.NotFound],
            Texts(
                "localhost/etcd",
                $"docker://host.example:5000/a/b_c:3.5@{Sha}",
                "quay.io/coreos/etcd:v3",
                "oci:/srv/images/etcd:latest",
                "oci-archive:/a.tar:x",
                "docker-archive:a.tar:a/b:1",
                "docker-daemon:etcd:latest",
                $"docker-daemon:{Sha}",
                "[::1]:5000/x"
            ),
            bytes =>
            {
                ImageReference read = ImageReference.Parse(Encoding.UTF8.GetString(bytes));
                ImageReference again = ImageReference.Parse(read.ToString());
                FuzzTarget.Must(again == read, $"{read} is read as {again}");
                _ = read.ShortName;
            }
        );

    /// <summary>A registry's <c>WWW-Authenticate</c>.</summary>
    public static FuzzTarget Challenge { get; } =
        new(
            "challenge",
            [ErrorKind.Unauthorized],
            Texts(
                "Bearer realm=\"https://auth.example/token\",service=\"a.example\",scope=\"repository:x:pull\", Basic realm=\"x\"",
                "Basic",
                "Negotiate abc==, bearer realm=https://b.example , scope=\"a\\\"b\""
            ),
            bytes =>
            {
                foreach (AuthChallenge challenge in AuthChallenge.Parse(Encoding.Latin1.GetString(bytes)))
                {
                    FuzzTarget.Must(
                        challenge.Parameters.Keys.Append(challenge.Scheme).All(n => !n.Any(char.IsAsciiLetterUpper)),
                        $"a name of {challenge} is not in small letters"
                    );
                    if (challenge.Scheme == "bearer")
                    {
                        _ = RealmRules.Check(
                            challenge.Parameters.GetValueOrDefault("realm"),
                            new Uri("https://a.example/")
                        );
                    }
                }
            }
        );

    /// <summary>A registry's manifest or index.</summary>
    public static FuzzTarget Manifest { get; } =
        new(
            "manifest",
            [ErrorKind.Corrupt, ErrorKind.Unsafe, ErrorKind.NotFound, ErrorKind.Failed],
            Texts(
                $$$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":7,"digest":"{{{Sha}}}"},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":9,"digest":"{{{Sha}}}","annotations":{"a":"b"}}],"annotations":{"key":"value"}}""",
                $$$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,"digest":"{{{Sha}}}","artifactType":"a/b","annotations":{"org.opencontainers.image.ref.name":"x"},"platform":{"architecture":"amd64","os":"linux","variant":"v2"}},{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,"digest":"{{{Sha}}}"}]}"""
            ),
            bytes =>
            {
                ManifestDocument read = ManifestDocument.Read(
                    new RawManifest(null, bytes, null),
                    expected: null,
                    size: null,
                    "fetching the manifest of x"
                );
                _ = read.Index is { } index
                    ? PlatformChooser.Choose(index.Manifests, s_platform)?.ToString()
                    : read.Manifest!.Layers.Count.ToString();
            }
        );

    /// <summary>A .container file: what is read of a file without faults makes a unit that says the same.</summary>
    public static FuzzTarget Quadlet { get; } =
        new(
            "quadlet",
            [],
            Texts(
                "[Unit]\nAfter=a.service \\\n # b\n  c.target\n[Container]\nImage=quay.io/a:1\nExec=\"a b\" '\\x41' $$x %i\nEnvironment=A=1 \"B=c d\"\nVolume=/a:/b:ro\nNoNewPrivileges=yes\nPodmanArgs=--memory 1g\n[Service]\nEnvironment=X=1\nRestart=always\n[Install]\nWantedBy=multi-user.target\n",
                "[Container]\nImage=a\nMount=type=tmpfs,dst=/x\nReloadCmd=/bin/x %n\nUser=1\nGroup=2\n[X-Sysctr]\nSet=A=1\nSettle=3\n[Quadlet]\nDefaultDependencies=no\n"
            ),
            bytes =>
            {
                QuadletFaults faults = new();
                QuadletUnit unit = new(
                    "a.container",
                    "/q/a.container",
                    QuadletText.Parse("/q/a.container", Encoding.UTF8.GetString(bytes), faults)
                );
                QuadletSet set = QuadletSet.Read([unit], new QuadletHost { LooksAtHost = false }, faults);
                if (faults.All.Count == 0 && set.Containers is [var container])
                {
                    container.Request.Settings.Check();
                    IReadOnlyList<UnitLine> lines = container.Request.Declared!.Lines;
                    UnitText merged = UnitText.Parse(
                        DeclaredUnit.Merge("[Unit]\nDescription=x\n[Service]\nExecStart=/x\n", lines)
                    );
                    FuzzTarget.Must(merged.Find("Service", "ExecStart") == "/x", "the unit starts something else");
                    FuzzTarget.Must(
                        merged.Keys.Count() == lines.Count + 2,
                        $"{lines.Count} lines became {merged.Keys.Count() - 2}"
                    );
                }
            }
        );

    /// <summary>A file of EnvironmentFile=: what is read of it can be a variable.</summary>
    public static FuzzTarget EnvironmentFile { get; } =
        new(
            "environment-file",
            [],
            Texts("# c\nA=1 \\\n 2 \nB=\"x\\\"y\nz\" 'w'\n; d\nC='a'b\n D = e\n"),
            bytes =>
            {
                foreach ((string name, string value) in EnvironmentFileText.Parse(Encoding.UTF8.GetString(bytes)))
                {
                    FuzzTarget.Must(
                        name.Length > 0 && !name.AsSpan().ContainsAny('=', ' ', '\n'),
                        $"'{name}' is no name"
                    );
                    FuzzTarget.Must(value.Length <= bytes.Length, "a value is longer than its file");
                }
            }
        );

    /// <summary>An image's configuration.</summary>
    public static FuzzTarget Config { get; } =
        new(
            "config",
            [ErrorKind.Corrupt, ErrorKind.Unsafe, ErrorKind.NotFound],
            Texts(
                """
                {"architecture":"amd64","os":"linux","created":"2015-10-31T22:22:56Z","rootfs":{"type":"layers","diff_ids":[]},
                 "config":{"User":"daemon:1","ExposedPorts":{"8080/tcp":{}},"Env":["A=b","PATH=/bin"],"Entrypoint":["/usr/bin/etcd"],"Cmd":["--x"],"Volumes":{"/data":{}},
                  "WorkingDir":"/home","Labels":{"atomic.type":"system"},"StopSignal":"SIGINT","Healthcheck":{"Test":["CMD","/bin/true"],"Timeout":5000000000,"StartPeriod":1}}}
                """
            ),
            bytes =>
                ImageDocuments.ReadConfig(
                    ImageReference.Parse("quay.io/x"),
                    new ImageManifest(2, new Descriptor("a/b", Digest.Parse(Sha), 7)),
                    bytes,
                    s_platform
                )
        );

    /// <summary>The administrator's registries.conf, and what names come to by it.</summary>
    public static FuzzTarget RegistriesConf { get; } =
        new(
            "registries.conf",
            [ErrorKind.Failed, ErrorKind.Usage, ErrorKind.Policy, ErrorKind.NotFound],
            Texts(
                """
                unqualified-search-registries = ["quay.io", "docker.io"]
                credential-helpers = ["containers-auth.json"]
                short-name-mode = "permissive"
                [aliases]
                "etcd" = "quay.io/coreos/etcd"
                [[registry]]
                prefix = "a.example/x"
                location = "b.example/y"
                insecure = true
                blocked = false
                mirror-by-digest-only = false
                [[registry.mirror]]
                location = "m.example"
                insecure = false
                pull-from-mirror = "all"
                [[registry]]
                prefix = "*.internal"
                """
            ),
            bytes =>
            {
                string file = Path.GetTempFileName();
                try
                {
                    File.WriteAllBytes(file, bytes);
                    RegistriesConfig config = RegistriesConfig.Load(new RegistriesConfPaths(file, null, null));
                    foreach (string name in new[] { "etcd", "other", "a.example/x/y", "h.internal/x" })
                    {
                        Array.ForEach([.. config.Resolve(name)], r => _ = config.For(r).Endpoints.Count);
                    }
                }
                finally
                {
                    File.Delete(file);
                }
            }
        );

    /// <summary>A template of the old contract: it renders when its variables have values, and only then.</summary>
    public static FuzzTarget LegacyText { get; } =
        new(
            "legacy",
            [ErrorKind.Template],
            [.. Texts("ExecStart=$EXEC_START --x=${NAME} $$\n", "a $ b"), .. Exports("*.template")],
            bytes =>
            {
                string text = Encoding.UTF8.GetString(bytes);
                IReadOnlyList<string> variables = LegacyTemplate.Variables("/exports/x.template", text);
                string rendered = LegacyTemplate.Render(
                    "/exports/x.template",
                    text,
                    variables.ToDictionary(v => v, _ => "", StringComparer.Ordinal)
                );
                FuzzTarget.Must(rendered.Length <= text.Length, "empty values make it longer");
                FuzzTarget.Must(
                    variables.Count > 0 || text.Contains('$', StringComparison.Ordinal) || rendered == text,
                    "it is changed without a placeholder"
                );
            }
        );

    /// <summary>A unit's text: what was read of it, written anew, says the same.</summary>
    public static FuzzTarget Unit { get; } =
        new(
            "unit",
            [],
            [
                .. Texts(
                    "[Unit]\nDescription=x\n# no\n[Service]\nExecStart=/bin/a \\\n  b\nEnvironment=\nEnvironment=A=b\n"
                ),
                .. Exports("*.service.template"),
                .. Exports("service.template"),
            ],
            bytes =>
            {
                UnitText read = UnitText.Parse(Encoding.UTF8.GetString(bytes));
                StringBuilder written = new();
                foreach ((string section, string key) in read.Keys.Distinct())
                {
                    written.Append('[').Append(section).Append("]\n").Append(key).Append("=\n");
                    foreach (string value in read.All(section, key))
                    {
                        written.Append(key).Append('=').Append(value).Append('\n');
                    }
                }

                UnitText again = UnitText.Parse(written.ToString());
                foreach ((string section, string key) in read.Keys.Distinct())
                {
                    FuzzTarget.Must(
                        read.All(section, key).SequenceEqual(again.All(section, key)),
                        $"[{section}] {key}= is another when it is written and read"
                    );
                }
            }
        );

    private static byte[][] Texts(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Files of the test images, such as were published.</summary>
    private static byte[][] Exports(string pattern) =>
        [
            .. Directory
                .GetFiles(TestBed.Workspace.Images, pattern, SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllBytes)
                .Where(b => b.Length < 4096),
        ];
}
