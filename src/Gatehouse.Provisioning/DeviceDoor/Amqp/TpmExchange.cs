using System.Diagnostics.CodeAnalysis;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Transport.Amqp.Sasl;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>The SASL mechanism <c>TPM</c>: both keys of the TPM, then a nonce in segments, then the token that is signed with it.</summary>
/// <remarks>
/// Source: tpm §1.4.2 of the wire reference.
/// <code>
/// C: 00 idScope 00 registrationId 00 endorsementKey     S: 00
/// C: 00 storageRootKey                                  S: 80+n segment, the last C0+n segment
/// C: 00 after each but the last, then 00 token          S: outcome
/// </code>
/// </remarks>
internal sealed class TpmExchange(RegistrationPeer peer, DeviceRegistrations registrations) : SaslMechanism
{
    // C takes no longer ones, and only two bits of the number are looked at everywhere.
    private const int SegmentBytes = 470;
    private const int MaxSegments = 4;

    private const byte Segment = 0x80;
    private const byte LastSegment = 0xC0;

    private RegistrationTarget? target;
    private byte[] endorsementKey = [];
    private ShownTpm? tpm;
    private ReadOnlyMemory<byte> rest;
    private int segmentBytes;
    private int segments;

    public override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte> response, CancellationToken cancellationToken)
    {
        if (response.IsEmpty || response.Span[0] != 0)
        {
            return new SaslStep.Refused();
        }

        if (target is null)
        {
            return TryReadInit(response.Span[1..], out target, out endorsementKey) ? new SaslStep.Challenge([0]) : new SaslStep.Refused();
        }

        return tpm is null ? await ChallengeAsync(response[1..], cancellationToken)
            : !rest.IsEmpty ? (response.Length == 1 ? NextSegment() : new SaslStep.Refused())
            : await ProveAsync(Encoding.UTF8.GetString(response.Span[1..]), cancellationToken);
    }

    /// <summary>What follows the first zero.</summary>
    internal static bool TryReadInit(ReadOnlySpan<byte> content, [NotNullWhen(true)] out RegistrationTarget? target, out byte[] endorsementKey)
    {
        (target, endorsementKey) = (null, []);
        var first = content.IndexOf((byte)0);
        var second = first < 0 ? -1 : content[(first + 1)..].IndexOf((byte)0);
        if (second < 0)
        {
            return false;
        }

        string[] path = [Encoding.UTF8.GetString(content[..first]), "registrations", Encoding.UTF8.GetString(content.Slice(first + 1, second))];
        if (!RegistrationTarget.Owns(path))
        {
            return false;
        }

        target = new RegistrationTarget(path[0], path[2], Operations.GetDeviceRegistration);
        endorsementKey = content[(first + second + 2)..].ToArray();
        return true;
    }

    private async ValueTask<SaslStep> ChallengeAsync(ReadOnlyMemory<byte> storageRootKey, CancellationToken cancellationToken)
    {
        tpm = new ShownTpm(Convert.ToBase64String(endorsementKey), Convert.ToBase64String(storageRootKey.Span));
        var admitted = await registrations.AdmitAsync(target!, peer.For(null, tpm, null), cancellationToken);
        if (!admitted.IsOk || admitted.Value is not { } blob)
        {
            return new SaslStep.Refused();
        }

        rest = blob;
        segmentBytes = Math.Max(SegmentBytes, (blob.Length + MaxSegments - 1) / MaxSegments);
        return NextSegment();
    }

    private SaslStep.Challenge NextSegment()
    {
        var length = Math.Min(segmentBytes, rest.Length);
        var control = (byte)((length == rest.Length ? LastSegment : Segment) | segments++);
        byte[] challenge = [control, .. rest.Span[..length]];
        rest = rest[length..];
        return new SaslStep.Challenge(challenge);
    }

    private async ValueTask<SaslStep> ProveAsync(string token, CancellationToken cancellationToken)
    {
        var admitted = await registrations.AdmitAsync(target!, peer.For(token, tpm, null), cancellationToken);
        if (token.Length == 0 || !admitted.IsOk || admitted.Value is not null)
        {
            return new SaslStep.Refused();
        }

        (peer.Token, peer.Tpm) = (token, tpm);
        return new SaslStep.Accepted(IsProved: true);
    }
}
