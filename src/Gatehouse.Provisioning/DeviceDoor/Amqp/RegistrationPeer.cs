using System.Net;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Requests;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>A device that registers, on one AMQP connection: what it showed in SASL, and its links.</summary>
internal sealed class RegistrationPeer(AmqpPeer peer)
{
    /// <summary>Links of one connection; every SDK attaches two.</summary>
    private const int MaxLinks = 8;

    private int links;

    /// <summary>Links on which answers leave. Who a connection acts for is one registration, so any of them will do.</summary>
    internal ReplyLinks Replies { get; } = new();

    /// <summary>SAS token; null for a device that showed its certificate.</summary>
    internal string? Token { get; set; }

    internal ShownTpm? Tpm { get; set; }

    internal DeviceCaller Caller => For(Token, Tpm, peer.Info.Certificate);

    internal static RegistrationPeer Of(AmqpPeer peer) => peer.Keep(static each => new RegistrationPeer(each));

    /// <summary>The engine itself takes note of peers that have proved themselves.</summary>
    internal DeviceCaller For(string? token, ShownTpm? tpm, PeerCertificate? certificate) =>
        new(peer.Info.Protocol, (peer.Info.RemoteEndPoint as IPEndPoint)?.Address, token, certificate, static () => { }) { Tpm = tpm, Client = peer.Info.Traits() };

    /// <summary>False when there are as many links as there may be.</summary>
    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref links) <= MaxLinks)
        {
            return true;
        }

        Leave();
        return false;
    }

    internal void Leave() => Interlocked.Decrement(ref links);
}
