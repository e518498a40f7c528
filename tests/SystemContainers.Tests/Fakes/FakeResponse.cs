// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Fakes;

/// <summary>An answer, well-behaved unless told otherwise.</summary>
public sealed class FakeResponse
{
    public FakeResponse(int status = 200, byte[]? body = null, string? contentType = null)
    {
        Status = status;
        Body = body ?? [];
        if (contentType is not null)
        {
            Headers["Content-Type"] = contentType;
        }
    }

    public int Status { get; }

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public byte[] Body { get; }

    /// <summary>These bytes in place of the whole answer, head and all; <see cref="Endless"/> and <see cref="Hang"/>
    /// count.</summary>
    public byte[]? Raw { get; init; }

    /// <summary>What <see cref="Raw"/> ends in again and again where it is <see cref="Endless"/>.</summary>
    public byte[] More { get; init; } = [];

    /// <summary>Says this length instead of the body's; 0 is the truth, -1 says none: the end of the connection ends
    /// the body.</summary>
    public long SaysLength { get; init; }

    /// <summary>Closes the connection after so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Instead of closing after <see cref="CutAfter"/>, says nothing more until the registry is disposed
    /// of.</summary>
    public bool Hang { get; init; }

    /// <summary>Sends the body again and again until the client gives up.</summary>
    public bool Endless { get; init; }

    /// <summary>Sends the body a byte at a time, with this pause before each.</summary>
    public TimeSpan? Drip { get; init; }
}
