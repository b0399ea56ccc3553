using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Http;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>What a device is told of its request for a certificate.</summary>
/// <remarks>Source: tpm-hsm-pki-edge §4.9 of the wire reference. Unconfirmed: certificates in base64 of DER, as the C# client's guide has them; the documentation shows PEM.</remarks>
internal static class CertificateAnswers
{
    private const string RefusedCode = "400000";

    /// <summary>202: it is worked on.</summary>
    internal static ReadOnlyMemory<byte> Accepted(CertificateWork work) => Write(json =>
    {
        json.WriteString("correlationId", work.CorrelationId);
        json.WriteString("operationExpires", work.Expires.UtcDateTime);
    });

    /// <summary>200: the certificate, then its CA.</summary>
    internal static ReadOnlyMemory<byte> Issued(CertificateWork work, IReadOnlyList<string> chain) => Write(json =>
    {
        json.WriteString("correlationId", work.CorrelationId);
        json.WriteStartArray("certificates");
        foreach (var certificate in chain)
        {
            json.WriteStringValue(certificate);
        }

        json.WriteEndArray();
    });

    /// <param name="error">What went wrong.</param>
    /// <param name="now">Of the answer.</param>
    /// <param name="retryAfter">Seconds after which it may be asked again; null for nothing to say.</param>
    /// <param name="info">Writes what there is to say beside it; null for nothing.</param>
    internal static ReadOnlyMemory<byte> Failed(HubError error, DateTimeOffset now, int? retryAfter, Action<Utf8JsonWriter>? info) => Write(json =>
    {
        json.WriteNumber("errorCode", error.Code);
        json.WriteString("message", error.Message);
        json.WriteString("trackingId", TrackingId.New(now));
        json.WriteString("timestampUtc", now.UtcDateTime);
        if (retryAfter is { } seconds)
        {
            json.WriteNumber("retryAfter", seconds);
        }

        if (info is null)
        {
            json.WriteNull("info");
            return;
        }

        json.WriteStartObject("info");
        info(json);
        json.WriteEndObject();
    });

    /// <summary>The request that another one is in the way of.</summary>
    internal static Action<Utf8JsonWriter> Active(CertificateWork work) => json =>
    {
        json.WriteString("requestId", work.RequestId);
        json.WriteString("correlationId", work.CorrelationId);
        json.WriteString("operationExpires", work.Expires.UtcDateTime);
    };

    /// <summary>Why the certificate was not issued.</summary>
    internal static Action<Utf8JsonWriter> Refused(CertificateWork work, string why) => json =>
    {
        json.WriteString("correlationId", work.CorrelationId);
        json.WriteString("credentialError", RefusedCode);
        json.WriteString("credentialMessage", why);
    };

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}

/// <summary>A request for a certificate that was taken.</summary>
/// <param name="RequestId">The device's own id of it.</param>
/// <param name="CorrelationId">Ours.</param>
/// <param name="Expires">When the device need not wait any longer.</param>
internal sealed record CertificateWork(string RequestId, string CorrelationId, DateTimeOffset Expires)
{
    /// <summary>Another request took its place before it had begun.</summary>
    internal bool IsReplaced { get; set; }
}
