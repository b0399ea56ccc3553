using NATS.Client.Core;

namespace Gatehouse.Streams.Nats;

/// <summary>A NATS URL taken apart, so that its secrets stay out of messages and logs.</summary>
internal sealed record NatsAddress
{
    /// <summary>URL without user information.</summary>
    internal required string Display { get; init; }

    internal required NatsAuthOpts Auth { get; init; }

    internal required bool RequiresTls { get; init; }

    /// <exception cref="ArgumentException">Not a NATS URL. The message does not repeat it: it may hold a password.</exception>
    internal static NatsAddress Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("nats" or "tls") || parsed.Host.Length == 0)
        {
            throw new ArgumentException("The NATS URL is not understood; allowed: nats://[user:password@]host[:port] or tls://….");
        }

        return new NatsAddress
        {
            Display = $"{parsed.Scheme}://{parsed.Host}:{(parsed.Port > 0 ? parsed.Port : 4222)}",
            Auth = AuthOf(parsed.UserInfo),
            RequiresTls = parsed.Scheme == "tls",
        };
    }

    public override string ToString() => Display;

    private static NatsAuthOpts AuthOf(string userInfo)
    {
        if (userInfo.Length == 0)
        {
            return NatsAuthOpts.Default;
        }

        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? new NatsAuthOpts { Token = Uri.UnescapeDataString(userInfo) }
            : new NatsAuthOpts { Username = Uri.UnescapeDataString(userInfo[..colon]), Password = Uri.UnescapeDataString(userInfo[(colon + 1)..]) };
    }
}
