namespace Gatehouse.Transport.Amqp.Sasl;

/// <summary>One exchange of a SASL mechanism. A new one for each connection; a mechanism may challenge as often as it needs.</summary>
public abstract class SaslMechanism
{
    /// <summary>Takes the initial response, then each response to a challenge.</summary>
    public abstract ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte> response, CancellationToken cancellationToken);
}

/// <summary>What comes next in the exchange.</summary>
public abstract record SaslStep
{
    private SaslStep()
    {
    }

    /// <summary>The peer is asked for more, and its response is the next step.</summary>
    /// <param name="Bytes">The challenge, as the mechanism has it.</param>
    public sealed record Challenge(byte[] Bytes) : SaslStep;

    /// <summary>The exchange ends, and the connection goes on.</summary>
    /// <param name="IsProved">The peer is known now; else the proof comes later (CBS, client certificate at attach).</param>
    public sealed record Accepted(bool IsProved) : SaslStep;

    /// <summary>The exchange ends, and the peer is told no reason.</summary>
    public sealed record Refused : SaslStep;
}

/// <summary>ANONYMOUS, and MSSBCBS, which is the same: the proof comes through <c>$cbs</c>. EXTERNAL: the client certificate is judged when a link says whose it is.</summary>
internal sealed class LaterMechanism : SaslMechanism
{
    public override ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte> response, CancellationToken cancellationToken) => new(new SaslStep.Accepted(IsProved: false));
}

/// <summary>PLAIN: <c>authzid NUL authcid NUL password</c> (RFC 4616), the password a SAS token.</summary>
internal sealed class PlainMechanism(AmqpPeer peer, ISaslRealm? realm) : SaslMechanism
{
    public override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte> response, CancellationToken cancellationToken)
    {
        if (!TryRead(response.Span, out var user, out var password))
        {
            return new SaslStep.Refused();
        }

        var isProved = realm?.Owns(user) == true
            ? await realm.ProveAsync(peer, user, password, cancellationToken)
            : (await peer.Proofs.ProveAsync(user, password, cancellationToken)).IsOk;
        return isProved ? new SaslStep.Accepted(IsProved: true) : new SaslStep.Refused();
    }

    private static bool TryRead(ReadOnlySpan<byte> response, out string user, out string password)
    {
        (user, password) = ("", "");
        var first = response.IndexOf((byte)0);
        if (first < 0)
        {
            return false;
        }

        var rest = response[(first + 1)..];
        var second = rest.IndexOf((byte)0);
        if (second <= 0 || rest[(second + 1)..].Contains((byte)0))
        {
            return false;
        }

        user = System.Text.Encoding.UTF8.GetString(rest[..second]);
        password = System.Text.Encoding.UTF8.GetString(rest[(second + 1)..]);
        return true;
    }
}
