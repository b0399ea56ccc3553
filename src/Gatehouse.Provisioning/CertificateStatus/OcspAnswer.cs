using System.Formats.Asn1;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>What is answered, DER: a refusal, which nobody signs, or what the responder says of each certificate. Source: RFC 6960 §4.2.</summary>
/// <param name="Der">OCSPResponse.</param>
/// <param name="ThisUpdate">Null for a refusal.</param>
/// <param name="NextUpdate">When it is not to be relied on any more; null for a refusal.</param>
/// <param name="MayBeKept">Whether somebody else who asks the same may be given it.</param>
internal sealed record OcspAnswer(byte[] Der, DateTimeOffset? ThisUpdate = null, DateTimeOffset? NextUpdate = null, bool MayBeKept = false)
{
    private const string BasicResponse = "1.3.6.1.5.5.7.48.1.1";

    /// <summary>It cannot be read, or asks for more than may be asked.</summary>
    internal static readonly OcspAnswer Malformed = Refusal(Status.MalformedRequest);

    /// <summary>There is nothing to sign with, or too much was asked: come again.</summary>
    internal static readonly OcspAnswer TryLater = Refusal(Status.TryLater);

    /// <summary>Of a CA that nothing is said of here.</summary>
    internal static readonly OcspAnswer Unauthorized = Refusal(Status.Unauthorized);

    /// <summary>Null when the responder was closed meanwhile.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="statuses">One for each of its certificates.</param>
    /// <param name="responder">Who signs.</param>
    /// <param name="now">From when it holds.</param>
    /// <param name="end">Until when.</param>
    internal static OcspAnswer? Sign(OcspRequest request, IReadOnlyList<RevokedCertificateRow?> statuses, StatusResponder responder, DateTimeOffset now, DateTimeOffset end)
    {
        var data = new AsnWriter(AsnEncodingRules.DER);
        using (data.PushSequence())
        {
            using (data.PushSequence(Context(2)))
            {
                data.WriteOctetString(responder.KeyHash.Span);
            }

            Write(data, now);
            using (data.PushSequence())
            {
                for (var i = 0; i < statuses.Count; i++)
                {
                    Write(data, request.Certificates[i], statuses[i], now, end);
                }
            }

            if (request.Nonce is { } nonce)
            {
                Write(data, nonce);
            }
        }

        var body = data.Encode();
        return responder.Sign(body) is not { } signature ? null : new OcspAnswer(Wrap(body, signature, responder), now, end, request.Nonce is null);
    }

    private static void Write(AsnWriter data, CertificateId certificate, RevokedCertificateRow? status, DateTimeOffset now, DateTimeOffset end)
    {
        using var single = data.PushSequence();
        data.WriteEncodedValue(certificate.Encoded.Span);
        if (status is null)
        {
            data.WriteNull(new Asn1Tag(TagClass.ContextSpecific, 2));
        }
        else if (status.Revoked == 0)
        {
            data.WriteNull(new Asn1Tag(TagClass.ContextSpecific, 0));
        }
        else
        {
            using var revoked = data.PushSequence(Context(1));
            Write(data, new DateTimeOffset(status.Revoked, TimeSpan.Zero));
            if (RevocationReason.Of(status.Reason) is { } reason)
            {
                using var tagged = data.PushSequence(Context(0));
                data.WriteEnumeratedValue(reason);
            }
        }

        Write(data, now);
        using var next = data.PushSequence(Context(0));
        Write(data, end);
    }

    private static void Write(AsnWriter data, byte[] nonce)
    {
        using var tagged = data.PushSequence(Context(1));
        using var extensions = data.PushSequence();
        using var extension = data.PushSequence();
        data.WriteObjectIdentifier(OcspRequest.NonceExtension);
        using var value = data.PushOctetString();
        data.WriteOctetString(nonce);
    }

    private static void Write(AsnWriter data, DateTimeOffset time) => data.WriteGeneralizedTime(time, omitFractionalSeconds: true);

    private static byte[] Wrap(byte[] body, byte[] signature, StatusResponder responder)
    {
        var answer = new AsnWriter(AsnEncodingRules.DER);
        using (answer.PushSequence())
        {
            answer.WriteEnumeratedValue(Status.Successful);
            using var tagged = answer.PushSequence(Context(0));
            using var bytes = answer.PushSequence();
            answer.WriteObjectIdentifier(BasicResponse);
            using var content = answer.PushOctetString();
            using var basic = answer.PushSequence();
            answer.WriteEncodedValue(body);
            answer.WriteEncodedValue(responder.Algorithm.Span);
            answer.WriteBitString(signature);
            using var certificates = answer.PushSequence(Context(0));
            using var list = answer.PushSequence();
            answer.WriteEncodedValue(responder.Certificate.RawDataMemory.Span);
        }

        return answer.Encode();
    }

    private static OcspAnswer Refusal(Status status)
    {
        var answer = new AsnWriter(AsnEncodingRules.DER);
        using (answer.PushSequence())
        {
            answer.WriteEnumeratedValue(status);
        }

        return new OcspAnswer(answer.Encode());
    }

    private static Asn1Tag Context(int tag) => new(TagClass.ContextSpecific, tag, isConstructed: true);

    // OCSPResponseStatus.
    private enum Status
    {
        Successful = 0,
        MalformedRequest = 1,
        TryLater = 3,
        Unauthorized = 6,
    }
}
