// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Timestamps;

/// <summary>
/// When authorities saw a signature, by the rules of sigstore-go (VerifySignedTimestamp): a timestamp that does not
/// count is passed over, whatever is wrong with it, and of one authority only the first that counts does.
/// </summary>
/// <param name="Times">When, by one authority each.</param>
/// <param name="Why">Why others don't count, one sentence each.</param>
sealed record TimestampedSignature(IReadOnlyList<DateTimeOffset> Times, IReadOnlyList<string> Why)
{
    /// <summary>Judges all timestamps of a signature.</summary>
    /// <param name="responses">What authorities answered.</param>
    /// <param name="authorities">Whose timestamps count.</param>
    public static TimestampedSignature Of(
        IReadOnlyList<byte[]> responses,
        byte[] signature,
        IReadOnlyList<TimestampAuthority> authorities
    )
    {
        Dictionary<string, DateTimeOffset> times = new(StringComparer.Ordinal);
        List<string> why = [];
        foreach (byte[] response in responses)
        {
            try
            {
                (string uri, DateTimeOffset time) = Judge(Timestamp.Read(response), signature, authorities);
                times.TryAdd(uri, time);
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
            {
                why.Add(e.Message);
            }
        }

        return new TimestampedSignature([.. times.Values], [.. why.Distinct(StringComparer.Ordinal)]);
    }

    private static (string Uri, DateTimeOffset Time) Judge(
        Timestamp timestamp,
        byte[] signature,
        IReadOnlyList<TimestampAuthority> authorities
    )
    {
        List<string> why = [];
        foreach (TimestampAuthority authority in authorities)
        {
            try
            {
                return (authority.Uri, authority.Check(timestamp, signature));
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
            {
                // Why it is not another one's says nothing.
                why.AddRange(
                    authority.Unusable is not null || authority.Chain.Any(timestamp.Message.NamesIssuer)
                        ? [$"{Redact.Text(authority.Uri)}: {e.Message}"]
                        : []
                );
            }
        }

        throw Fault.Of(why.Count > 0 ? string.Join("; ", why) : "it is of no trusted authority");
    }
}
