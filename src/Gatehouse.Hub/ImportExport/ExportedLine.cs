using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.ImportExport;

/// <summary>An identity as one line of a blob; <see cref="ImportedLine"/> reads it back.</summary>
internal static class ExportedLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static void Write(IBufferWriter<byte> output, RegisteredIdentity identity, ExportedTwin? twin, bool excludeKeys)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartObject();
        writer.WriteString("id", identity.Key.Device.Value);
        if (identity.Key.Module is { } module)
        {
            writer.WriteString("moduleId", module.Value);
            writer.WriteString("managedBy", identity.ManagedBy);
        }

        writer.WriteString("eTag", identity.ETag);
        writer.WriteString("status", identity.IsEnabled ? "enabled" : "disabled");
        if (identity.StatusReason is { } reason)
        {
            writer.WriteString("statusReason", reason);
        }

        WriteAuthentication(writer, identity, excludeKeys);
        if (!identity.Key.IsModule)
        {
            writer.WriteStartObject("capabilities");
            writer.WriteBoolean("iotEdge", identity.IsEdge);
            writer.WriteEndObject();
        }

        if (identity.DeviceScope is { } scope)
        {
            writer.WriteString("deviceScope", scope);
        }

        if (identity.ParentScope is { } parent)
        {
            writer.WriteStartArray("parentScopes");
            writer.WriteStringValue(parent);
            writer.WriteEndArray();
        }

        if (twin is not null)
        {
            WriteTwin(writer, twin);
        }

        writer.WriteEndObject();
    }

    private static void WriteAuthentication(Utf8JsonWriter writer, RegisteredIdentity identity, bool excludeKeys)
    {
        writer.WriteStartObject("authentication");
        writer.WriteString("type", identity.AuthenticationType);
        writer.WriteStartObject("symmetricKey");
        writer.WriteString("primaryKey", excludeKeys ? null : identity.PrimaryKey);
        writer.WriteString("secondaryKey", excludeKeys ? null : identity.SecondaryKey);
        writer.WriteEndObject();
        writer.WriteStartObject("x509Thumbprint");
        writer.WriteString("primaryThumbprint", identity.PrimaryThumbprint);
        writer.WriteString("secondaryThumbprint", identity.SecondaryThumbprint);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    // Stored JSON, sound since it was written.
    private static void WriteTwin(Utf8JsonWriter writer, ExportedTwin twin)
    {
        writer.WriteString("twinETag", TwinETags.Format(twin.Etag));
        writer.WritePropertyName("tags");
        writer.WriteRawValue(twin.Tags, skipInputValidation: true);
        writer.WriteStartObject("properties");
        writer.WritePropertyName("desired");
        writer.WriteRawValue(twin.Desired, skipInputValidation: true);
        writer.WritePropertyName("reported");
        writer.WriteRawValue(twin.Reported, skipInputValidation: true);
        writer.WriteEndObject();
    }
}
