// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd.Journal;
using Xunit;

namespace SystemContainers.Tests.Systemd.Journal;

public sealed class JournalExcerptTests
{
    private const string Journal = """
        {"MESSAGE":"Starting","INVOCATION_ID":"a"}
        {"MESSAGE":"an old reason","_SYSTEMD_INVOCATION_ID":"a"}
        {"MESSAGE":"Failed","MESSAGE_ID":"d9b373ed55a64feb8242e02dbe79a49c","INVOCATION_ID":"a"}
        {"MESSAGE":"written by who was gone"}
        {"MESSAGE":"Starting","INVOCATION_ID":"b"}
        {"MESSAGE":[111,104,32,255],"_SYSTEMD_INVOCATION_ID":"b"}
        {"MESSAGE":"time=\"2026-11-28T20:00:25Z\" level=warning msg=\"cleanup\"","_SYSTEMD_INVOCATION_ID":"b"}
        {"MESSAGE":"time=\"2026-11-28T20:00:25Z\" level=error msg=\"the reason\"","_SYSTEMD_INVOCATION_ID":"b"}
        {"MESSAGE":"a late word of the first","_SYSTEMD_INVOCATION_ID":"a"}
        {"MESSAGE":"of nobody"}
        {"MESSAGE":null,"_SYSTEMD_INVOCATION_ID":"b"}
        {"MESSAGE":["two","three"],"USER_INVOCATION_ID":"b"}
        no json
        """;

    [Fact]
    public void Only_the_last_life_is_told() =>
        Assert.Equal(
            [
                "Starting",
                "oh \ufffd",
                "time=\"2026-11-28T20:00:25Z\" level=error msg=\"the reason\"",
                "of nobody",
                "two",
            ],
            JournalExcerpt.Of(
                Journal
                    .Replace("\"a late word of the first\"", "\"x\"", StringComparison.Ordinal)
                    .Replace("{\"MESSAGE\":\"x\",\"_SYSTEMD_INVOCATION_ID\":\"a\"}\n", "", StringComparison.Ordinal),
                ended: false,
                lines: 10
            )
        );

    [Fact]
    public void A_late_word_of_an_earlier_life_is_left_out() =>
        Assert.DoesNotContain("a late word of the first", JournalExcerpt.Of(Journal, ended: false, lines: 10));

    [Fact]
    public void The_life_that_ended_comes_with_the_one_that_began() =>
        Assert.Contains("an old reason", JournalExcerpt.Of(Journal, ended: true, lines: 10));

    [Fact]
    public void The_life_that_failed_is_told_though_two_more_have_begun_since() =>
        Assert.Contains(
            "an old reason",
            JournalExcerpt.Of(Journal + "\n{\"MESSAGE\":\"Starting\",\"INVOCATION_ID\":\"c\"}", ended: true, lines: 20)
        );

    [Fact]
    public void One_that_is_ending_is_the_one_that_ended() =>
        Assert.DoesNotContain(
            "an old reason",
            JournalExcerpt.Of(
                Journal
                    + "\n{\"MESSAGE\":\"Main process exited\",\"MESSAGE_ID\":\"98e322203f7a4ed290d09fe03c09fe15\",\"INVOCATION_ID\":\"b\"}",
                ended: true,
                lines: 20
            )
        );

    [Fact]
    public void Where_none_has_ended_it_is_the_last() =>
        Assert.DoesNotContain(
            "an old reason",
            JournalExcerpt.Of(
                Journal.Replace(
                    "d9b373ed55a64feb8242e02dbe79a49c",
                    "39f53479d3a045ac8e11786248231fbf",
                    StringComparison.Ordinal
                ),
                ended: true,
                lines: 10
            )
        );

    /// <summary>A user's manager names the unit that takes what is written to a path, and its life.</summary>
    [Fact]
    public void What_was_written_to_a_path_is_of_the_unit_s_life() =>
        Assert.Contains(
            "by path",
            JournalExcerpt.Of(
                Journal
                    + "\n{\"MESSAGE\":\"by path\",\"_SYSTEMD_INVOCATION_ID\":\"d\",\"_SYSTEMD_USER_UNIT\":\"sysctr-log-web.service\"}\n{\"MESSAGE\":\"x\",\"INVOCATION_ID\":\"b\"}",
                ended: false,
                lines: 20
            )
        );

    [Fact]
    public void There_are_as_many_lines_as_were_asked_for_and_half_as_many_of_the_manager() =>
        Assert.Equal(["of nobody", "two"], JournalExcerpt.Of(Journal, ended: false, lines: 1));

    /// <summary>Seen on a busy host: the manager had a line for each process that was left, and the one line that said
    /// why was the eleventh from the end.</summary>
    [Fact]
    public void The_manager_s_words_do_not_take_the_room_of_the_payload_s()
    {
        string[] others =
        [
            .. Enumerable.Range(1, 20).Select(i => $"{{\"MESSAGE\":\"x.service: word {i}\",\"INVOCATION_ID\":\"b\"}}"),
        ];
        string[] kills =
        [
            .. Enumerable
                .Range(1, 20)
                .Select(i =>
                    $"{{\"MESSAGE\":\"x.service: Killing process {i} (.NET (x) y) with signal SIGKILL.\",\"INVOCATION_ID\":\"b\"}}"
                ),
        ];

        Assert.Equal(
            [
                "this is why",
                "x.service: word 16",
                "x.service: word 17",
                "x.service: word 18",
                "x.service: word 19",
                "x.service: word 20",
            ],
            JournalExcerpt.Of(
                string.Join(
                    '\n',
                    ["{\"MESSAGE\":\"this is why\",\"_SYSTEMD_INVOCATION_ID\":\"b\"}", .. others, .. kills]
                ),
                ended: true,
                lines: 10
            )
        );
    }

    [Fact]
    public void A_payload_may_speak_of_killing() =>
        Assert.Equal(
            ["x: Killing process 5 (y) with signal SIGKILL."],
            JournalExcerpt.Of(
                """{"MESSAGE":"x: Killing process 5 (y) with signal SIGKILL.","_SYSTEMD_INVOCATION_ID":"b"}""",
                ended: true,
                lines: 10
            )
        );

    [Fact]
    public void Without_lives_all_is_told() =>
        Assert.Equal(["one"], JournalExcerpt.Of("""{"MESSAGE":"one"}""", ended: false, lines: 10));
}
