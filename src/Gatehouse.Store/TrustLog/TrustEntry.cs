using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Transparency;
using Gatehouse.Store.Audit;

namespace Gatehouse.Store.TrustLog;

/// <summary>An entry of the trust log: an audit record as JSON, which is what is hashed.</summary>
internal static class TrustEntry
{
    /// <summary><c>{"time","audit","tenant","actor","action","subject","fingerprint","detail"}</c>; what is null is left out. A detail that does not fit goes in by its SHA-256.</summary>
    internal static byte[] Write(AuditRecord fields, long sequence, long micros)
    {
        var entry = Write(fields, sequence, micros, fields.Detail);
        return entry.Length <= EntryBundle.MaxEntryBytes ? entry
            : Write(fields with { Subject = Cut(fields.Subject), Actor = Cut(fields.Actor) }, sequence, micros, $$"""{"sha256OfDetail":"{{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(fields.Detail ?? "")))}}"}""");
    }

    private static byte[] Write(AuditRecord fields, long sequence, long micros, string? detail)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("time", AuditEntry.FromMicros(micros).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteNumber("audit", sequence);
            Optional(json, "tenant", fields.Hub);
            json.WriteString("actor", fields.Actor);
            json.WriteString("action", fields.Action);
            json.WriteString("subject", fields.Subject);
            Optional(json, "fingerprint", fields.Fingerprint);
            if (detail is not null)
            {
                json.WritePropertyName("detail");
                json.WriteRawValue(detail);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static string Cut(string text) => text.Length <= 1024 ? text : text[..1024];
}
