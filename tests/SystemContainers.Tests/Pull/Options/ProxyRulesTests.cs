// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.Options;
using Xunit;

namespace SystemContainers.Tests.Pull.Options;

/// <summary>The rules of golang.org/x/net/http/httpproxy, by which podman and skopeo go.</summary>
public sealed class ProxyRulesTests
{
    [Theory]
    [InlineData("example.com", "https://example.com/", true)]
    [InlineData("example.com", "https://a.b.example.com/", true)]
    [InlineData("example.com", "https://notexample.com/", false)]
    [InlineData(".example.com", "https://a.example.com/", true)]
    [InlineData(".example.com", "https://example.com/", false)]
    [InlineData("*.example.com", "https://a.example.com/", true)]
    [InlineData("*.example.com", "https://example.com/", false)]
    [InlineData("EXAMPLE.com", "https://Example.COM/", true)]
    [InlineData("example.com:5000", "https://example.com:5000/", true)]
    [InlineData("example.com:5000", "https://example.com/", false)]
    [InlineData("example.com:443", "https://example.com/", true)]
    [InlineData("*.example.com:80", "http://a.example.com/", true)]
    [InlineData("*", "https://example.com/", true)]
    [InlineData("a.example, example.com ,,b.example", "https://example.com/", true)]
    [InlineData("10.0.0.0/8", "https://10.1.2.3:5000/", true)]
    [InlineData("10.1.2.3/8", "https://10.9.9.9/", true)]
    [InlineData("10.0.0.0/8", "https://11.1.2.3/", false)]
    [InlineData("192.168.0.0/33", "https://192.168.0.1/", false)]
    [InlineData("192.168.1.1", "https://192.168.1.1/", true)]
    [InlineData("192.168.1.1:5000", "https://192.168.1.1:5000/", true)]
    [InlineData("192.168.1.1:5000", "https://192.168.1.1/", false)]
    [InlineData("2001:db8::/32", "https://[2001:db8::7]/", true)]
    [InlineData("2001:db8::7", "https://[2001:db8::7]:5000/", true)]
    [InlineData("[2001:db8::7]:5000", "https://[2001:db8::7]:5000/", true)]
    [InlineData("[2001:db8::7]:5000", "https://[2001:db8::7]/", false)]
    [InlineData("", "https://localhost:5000/", true)]
    [InlineData("", "https://127.0.0.9:5000/", true)]
    [InlineData("", "https://[::1]/", true)]
    [InlineData("", "https://example.com/", false)]
    [InlineData(":5000", "https://example.com:5000/", false)]
    [InlineData("/8", "https://example.com/", false)]
    public void No_proxy_is_read_as_Go_reads_it(string list, string address, bool direct)
    {
        ProxyRules rules = Rules($"HTTPS_PROXY=http://p.example:3128 HTTP_PROXY=http://p.example:3128", list);

        Assert.Equal(direct, rules.For(new Uri(address)) is null);
    }

    [Theory]
    [InlineData("HTTPS_PROXY=p.example:3128", "https://a.example/", "http://p.example:3128/")]
    [InlineData("https_proxy=https://p.example", "https://a.example/", "https://p.example/")]
    [InlineData("HTTPS_PROXY=http://one https_proxy=http://two", "https://a.example/", "http://one/")]
    [InlineData("HTTPS_PROXY=socks5h://p.example:1080", "https://a.example/", "socks5://p.example:1080/")]
    [InlineData("HTTPS_PROXY=http://p.example", "http://a.example/", null)]
    [InlineData("HTTP_PROXY=http://p.example", "http://a.example/", "http://p.example/")]
    [InlineData("HTTPS_PROXY=https://p.example REQUEST_METHOD=GET", "https://a.example/", "https://p.example/")]
    [InlineData("HTTP_PROXY=127.0.0.1:8080", "http://a.example/", "http://127.0.0.1:8080/")]
    [InlineData("HTTP_PROXY=cache.corp.example.com", "http://a.example/", "http://cache.corp.example.com/")]
    [InlineData("HTTP_PROXY=localhost", "http://a.example/", "http://localhost/")]
    [InlineData("HTTP_PROXY=socks5://127.0.0.1", "http://a.example/", "socks5://127.0.0.1/")]
    [InlineData("HTTP_PROXY=one.example HTTPS_PROXY=two.example", "http://a.example/", "http://one.example/")]
    [InlineData("HTTP_PROXY=one.example HTTPS_PROXY=two.example", "https://a.example/", "http://two.example/")]
    [InlineData("http_proxy=one.example https_proxy=two.example", "https://a.example/", "http://two.example/")]
    [InlineData("HTTP_PROXY= http_proxy=two.example", "http://a.example/", "http://two.example/")]
    [InlineData("HTTP_PROXY=one.example", "ftp://a.example/", null)]
    [InlineData("ALL_PROXY=http://p.example", "https://a.example/", "http://p.example/")]
    [InlineData("", "https://a.example/", null)]
    public void Each_scheme_has_its_variable(string variables, string address, string? expected) =>
        Assert.Equal(expected, Rules(variables, "").For(new Uri(address))?.ToString());

    /// <summary>What httpproxy's own test asks of one list (TestUseProxy), for port 80.</summary>
    [Theory]
    [InlineData("localhost", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.0.0.2", false)]
    [InlineData("[::1]", false)]
    [InlineData("[::2]", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("192.0.2.2", true)]
    [InlineData("192.0.2.3", false)]
    [InlineData("192.0.2.4", true)]
    [InlineData("10.0.0.2", false)]
    [InlineData("10.0.0.4", true)]
    [InlineData("[2001:db8::52:0:1]", false)]
    [InlineData("[2001:db8::52:0:2]", true)]
    [InlineData("[2001:db8::52:0:3]", false)]
    [InlineData("[2002:db8:a::123]", false)]
    [InlineData("[fe80::424b:c8be:1643:a1b6]", true)]
    [InlineData("below.net", true)]
    [InlineData("www.below.net", false)]
    [InlineData("whole.com", false)]
    [InlineData("www.whole.com", false)]
    [InlineData("thewhole.com", true)]
    [InlineData("le.com", true)]
    [InlineData("localhost.net", true)]
    [InlineData("local.localhost", true)]
    [InlineData("notbelow.net", true)]
    [InlineData("wild.io", true)]
    [InlineData("nested.wild.io", false)]
    [InlineData("awild.io", true)]
    [InlineData("xn--fsqu00a.org", false)]
    [InlineData("www.xn--fsqu00a.org", false)]
    [InlineData("10", true)]
    [InlineData("10.0.0.02", true)]
    public void One_list_judges_all_hosts(string host, bool proxied)
    {
        const string list =
            "whole.com, .below.net, *.wild.io, 192.0.2.1, 192.0.2.2:81, 192.0.2.3:80, 10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443,"
            + "[2001:db8::52:0:3]:80, 2002:db8:a::45/64, 例子.org, :1";

        Assert.Equal(proxied, !new NoProxyList(list).Contains(host, 80));
        Assert.True(new NoProxyList("*").Contains(host, 80));
        Assert.True(new NoProxyList("a.example,*,b.example").Contains(host, 80));
    }

    [Theory]
    [InlineData("example.com", "1000::%.example.com")]
    [InlineData("10.1", "10.0.0.1")]
    [InlineData("1", "0.0.0.1")]
    public void An_address_is_no_name_and_a_number_no_address(string list, string host) =>
        Assert.False(new NoProxyList(list).Contains(host, 80));

    [Fact]
    public void In_a_CGI_program_the_clients_proxy_is_not_asked()
    {
        ProxyRules rules = Rules("HTTP_PROXY=http://p.example REQUEST_METHOD=GET", "");

        SysctrException e = Assert.Throws<SysctrException>(() => rules.For(new Uri("http://a.example/")));
        Assert.Contains("REQUEST_METHOD", e.Message, StringComparison.Ordinal);
        Assert.Null(rules.For(new Uri("https://a.example/")));
    }

    [Theory]
    [InlineData("http://")]
    [InlineData("ftp://p.example")]
    [InlineData("http://p.example:port")]
    public void An_address_that_is_none_is_said(string proxy)
    {
        SysctrException e = Assert.Throws<SysctrException>(() =>
            Rules($"HTTPS_PROXY={proxy}", "").For(new Uri("https://a.example/"))
        );

        Assert.StartsWith("reading HTTPS_PROXY", e.Message, StringComparison.Ordinal);
    }

    private static ProxyRules Rules(string variables, string none)
    {
        Dictionary<string, string> all = variables
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(v => v.Split('=', 2))
            .ToDictionary(v => v[0], v => v[1], StringComparer.Ordinal);
        all["NO_PROXY"] = none;
        return new ProxyRules(all.GetValueOrDefault);
    }
}
