// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.Tests.Pull.Trust;

/// <summary>Policy files as administrators write them, and changed until half of them are none.</summary>
sealed class PolicyFileGenerator(int seed)
{
    private static readonly string[] s_junk =
    [
        "null",
        "\"\"",
        "0",
        "true",
        "[]",
        "{}",
        "\"x\"",
        "[null]",
        "[1,255]",
        "[256]",
        "[1.0]",
        "\"aGk=\"",
        "\"aGk\"",
        "\"a Gk=\"",
        "\"aG\\nk=\"",
        "[\"\"]",
        "[\"aGk=\",null]",
        "\"aGl=\"",
        "\"a\\u2028Gk=\"",
    ];

    private static readonly string[] s_names =
    [
        "docker.io/library/busybox:1",
        "busybox",
        "busybox:1",
        "quay.io/x",
        "quay.io/x:1",
        "quay.io:5000/x@sha256:" + new string('a', 64),
        "quay.io/x@sha256:" + new string('A', 64),
        "quay.io/x@sha384:" + new string('b', 96),
        "quay.io/x@sha1:" + new string('b', 40),
        "Quay.io/X",
        "quay.io/X:1",
        "quay.io/x:",
        "",
        "a/b/c",
        "a.b_c/d:1",
        "x:1\n",
        "index.docker.io/x:1",
        new string('a', 64),
        "localhost/x:1",
        "quay.io/a--b__c.d:T",
        "quay.io/a..b",
        "quay.io/" + new string('a', 250) + ":1",
        "[::1]:5000/x:1",
        "quay.io/x:1@sha512:" + new string('c', 128),
        "x/ÿ:1",
    ];

    private static readonly string[] s_prefixes =
    [
        "quay.io",
        "quay.io:5000",
        "quay.io/x",
        "quay.io/x/",
        "x",
        "x/y",
        "x.y/Z",
        "",
        "*.quay.io",
        "quay.io:5000/x:1",
        "-x.y",
        "localhost",
        "a_b.c/x",
    ];

    private static readonly Dictionary<string, string[]> s_scopes = new(StringComparer.Ordinal)
    {
        ["docker"] =
        [
            "",
            "quay.io",
            "quay.io:5000",
            "*.quay.io",
            "quay.io/x",
            "quay.io/x:1",
            "quay.io/x@sha256:" + new string('a', 64),
            "busybox",
            "*.",
            "quay.io/*",
            "index.docker.io/x",
            "https://quay.io",
            "docker.io/library/x",
        ],
        ["docker-daemon"] =
        [
            "",
            "docker.io/library/x:1",
            "sha256:" + new string('a', 64),
            "sha384:" + new string('a', 96),
            "quay.io",
        ],
        ["docker-archive"] = ["", "/x.tar", "x"],
        ["tarball"] = ["", "/x"],
        ["oci"] = ["", "/x", "/x/", "x", "/", "/x/../y", "/x:1", "/a//b"],
        ["oci-archive"] = ["", "/x.tar", "x.tar", "/./x"],
        ["dir"] = ["", "/x", "x", "/x/.", "/"],
        ["sif"] = ["", "/x", "x"],
        ["atomic"] =
        [
            "",
            "example.com:5000/ns/x:1",
            "example.com",
            "example.com/ns",
            "example.com/a/b/c",
            "example.com/a:1/b",
            "example.com/a/b:1:2",
        ],
        ["containers-storage"] =
        [
            "",
            "[/x]",
            "[overlay@/x]",
            "[overlay@/x]docker.io/library/y",
            "[x]",
            "[overlay@x]",
            "[]",
            "[@/x]",
            "[overlay@]",
            "x",
            "[/x]y@" + new string('a', 64),
            "[/x]y@sha256:" + new string('a', 64),
            "[/x]y@z",
            "[/x]y@sha256:" + new string('a', 64) + "@" + new string('b', 64),
            "[/x]y@" + new string('a', 64) + "@" + new string('b', 64),
            "[a@/b@/c]",
            "[/a@/b]",
        ],
        ["unheard-of"] = ["", "anything"],
        [""] = ["", "x"],
    };

    private readonly Random _random = new(seed);

    /// <summary>The next file.</summary>
    public PolicyNode Next()
    {
        PolicyNode policy = PolicyNode.Map(("default", Requirements()));
        if (_random.Next(3) > 0)
        {
            policy.Members!.Add(
                (
                    "transports",
                    PolicyNode.Map([
                        .. Some(s_scopes.Keys, 2)
                            .Select(t =>
                                (
                                    t,
                                    PolicyNode.Map([
                                        .. Some(s_scopes[t].Take(_random.Next(3) == 0 ? int.MaxValue : 2), 1)
                                            .Select(s => (s, Requirements())),
                                    ])
                                )
                            ),
                    ])
                )
            );
        }

        for (int changes = _random.Next(5) - 3; changes > 0; changes--)
        {
            Change(policy);
        }

        return policy;
    }

    private PolicyNode Requirements() =>
        PolicyNode.Items([.. Enumerable.Range(0, _random.Next(10) == 0 ? 2 : 1).Select(_ => Requirement())]);

    private PolicyNode Requirement()
    {
        switch (_random.Next(9))
        {
            case 0:
                return PolicyNode.Map(("type", PolicyNode.Text("insecureAcceptAnything")));
            case 1:
                return PolicyNode.Map(("type", PolicyNode.Text("reject")));
            case 2:
                return PolicyNode.Map(("type", PolicyNode.Text("signedBaseLayer")), ("baseLayerIdentity", Identity()));
            case 3 or 4 or 5:
                return PolicyNode.Map([
                    ("type", PolicyNode.Text("signedBy")),
                    (
                        "keyType",
                        PolicyNode.Text(
                            Sound(["signedByGPGKeys", "X509Certificates", "signedByX509CAs", "gpgkeys"], "GPGKeys")
                        )
                    ),
                    .. Some(["keyPath", "keyPaths", "keyData"], 1).Select(k => (k, Key(k))),
                    .. Perhaps("signedIdentity", Identity()),
                ]);
            default:
                string source = Of("keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki");
                return PolicyNode.Map([
                    ("type", PolicyNode.Text("sigstoreSigned")),
                    (
                        source,
                        source switch
                        {
                            "fulcio" => PolicyNode.Map([
                                .. Some(["caPath", "caData"], 1).Select(k => (k, Key(k))),
                                ("oidcIssuer", PolicyNode.Text(Sound([""], "https://x"))),
                                ("subjectEmail", PolicyNode.Text("a@b")),
                            ]),
                            "pki" => PolicyNode.Map([
                                .. Some(["caRootsPath", "caRootsData"], 1).Select(k => (k, Key(k))),
                                .. Perhaps("caIntermediatesPath", Key("keyPath")),
                                .. Perhaps("caIntermediatesData", Key("keyData")),
                                .. Perhaps("subjectEmail", PolicyNode.Text("a@b")),
                                .. Perhaps("subjectHostname", PolicyNode.Text("b")),
                            ]),
                            _ => Key(source),
                        }
                    ),
                    .. (
                        _random.Next(4) > (source == "fulcio" ? 0 : 2)
                            ? Some(
                                [
                                    "rekorPublicKeyPath",
                                    "rekorPublicKeyPaths",
                                    "rekorPublicKeyData",
                                    "rekorPublicKeyDatas",
                                ],
                                1
                            )
                            : []
                    ).Select(k => (k, Key(k.Replace("rekorPublicK", "k", StringComparison.Ordinal)))),
                    .. Perhaps("signedIdentity", Identity()),
                ]);
        }
    }

    private PolicyNode Key(string member) =>
        member switch
        {
            "keyPaths" => PolicyNode.Items([
                .. Enumerable
                    .Range(0, _random.Next(6) == 0 ? 0 : 1 + _random.Next(2))
                    .Select(_ => PolicyNode.Text("/k")),
            ]),
            "keyDatas" => PolicyNode.Items([
                .. Enumerable
                    .Range(0, _random.Next(6) == 0 ? 0 : 1 + _random.Next(2))
                    .Select(_ => PolicyNode.Text("aGk=")),
            ]),
            _ when member.EndsWith("Data", StringComparison.Ordinal) => PolicyNode.Text(Of("aGk=", "aGk=", "")),
            _ => PolicyNode.Text(_random.Next(15) == 0 ? "" : "/k"),
        };

    private PolicyNode Identity()
    {
        string type =
            _random.Next(20) == 0
                ? "matchAny"
                : Of(
                    "matchExact",
                    "matchRepoDigestOrExact",
                    "matchRepository",
                    "exactReference",
                    "exactRepository",
                    "remapIdentity"
                );
        return PolicyNode.Map([
            ("type", PolicyNode.Text(type)),
            .. type switch
            {
                "exactReference" => [("dockerReference", PolicyNode.Text(Sound(s_names, "quay.io/x:1")))],
                "exactRepository" => [("dockerRepository", PolicyNode.Text(Sound(s_names, "quay.io/x:1")))],
                "remapIdentity" => ((string, PolicyNode)[])
                    [
                        ("prefix", PolicyNode.Text(Sound(s_prefixes, "quay.io/x"))),
                        ("signedPrefix", PolicyNode.Text(Sound(s_prefixes, "quay.io/x"))),
                    ],
                _ => [],
            },
        ]);
    }

    private void Change(PolicyNode policy)
    {
        PolicyNode[] all = [.. policy.All()];
        PolicyNode at = all[_random.Next(all.Length)];
        if (at.Members is { Count: > 0 } members && _random.Next(2) == 0)
        {
            int which = _random.Next(members.Count);
            switch (_random.Next(5))
            {
                case 0:
                    members.RemoveAt(which);
                    break;
                case 1:
                    members.Add(members[which]);
                    break;
                case 2:
                    members.Add(
                        (
                            Of(
                                "extra",
                                "keyPath",
                                "keyData",
                                "type",
                                "signedIdentity",
                                "rekorPublicKeyData",
                                "pki",
                                "fulcio"
                            ),
                            PolicyNode.Raw(Of(s_junk))
                        )
                    );
                    break;
                case 3:
                    members[which] = (
                        char.ToUpperInvariant(members[which].Name.FirstOrDefault('x'))
                            + members[which].Name[Math.Min(1, members[which].Name.Length)..],
                        members[which].Value
                    );
                    break;
                default:
                    members[which] = (members[which].Name, PolicyNode.Raw(Of(s_junk)));
                    break;
            }
        }
        else if (at != policy)
        {
            at.Become(
                _random.Next(3) == 0
                    ? all[_random.Next(all.Length)] is var other && !other.All().Contains(at)
                        ? other
                        : PolicyNode.Raw("null")
                    : PolicyNode.Raw(Of(s_junk))
            );
        }
    }

    private T Of<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private string Sound(string[] any, string sound) => _random.Next(3) == 0 ? Of(any) : sound;

    private (string, PolicyNode)[] Perhaps(string name, PolicyNode value) =>
        _random.Next(2) == 0 ? [(name, value)] : [];

    /// <summary>Most often as many as are wanted.</summary>
    private T[] Some<T>(IEnumerable<T> of, int wanted) =>
        [
            .. of.OrderBy(_ => _random.Next())
                .Take(
                    _random.Next(30) switch
                    {
                        0 => wanted + 1,
                        1 => wanted - 1,
                        _ => wanted,
                    }
                ),
        ];
}

/// <summary>JSON that may have a name twice.</summary>
sealed class PolicyNode
{
    private string _raw = "null";

    public List<(string Name, PolicyNode Value)>? Members { get; private set; }

    private List<PolicyNode>? List { get; set; }

    public static PolicyNode Map(params (string, PolicyNode)[] members) => new() { Members = [.. members] };

    public static PolicyNode Items(params PolicyNode[] items) => new() { List = [.. items] };

    public static PolicyNode Text(string text) => Raw(JsonSerializer.Serialize(text));

    public static PolicyNode Raw(string json) => new() { _raw = json };

    public void Become(PolicyNode other) =>
        (_raw, Members, List) = (
            other._raw,
            other.Members is null ? null : [.. other.Members],
            other.List is null ? null : [.. other.List]
        );

    public IEnumerable<PolicyNode> All() =>
        [this, .. (Members?.Select(m => m.Value) ?? List ?? []).SelectMany(n => n.All())];

    public override string ToString() =>
        Members is not null
            ? "{" + string.Join(",", Members.Select(m => $"{JsonSerializer.Serialize(m.Name)}:{m.Value}")) + "}"
        : List is not null ? "[" + string.Join(",", List) + "]"
        : _raw;
}
