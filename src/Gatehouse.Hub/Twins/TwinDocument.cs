using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Gatehouse.Hub.Twins;

/// <summary>The JSON document of a whole twin, as back ends read it and as queries return it.</summary>
/// <remarks>Source: "Understand and use device twins" page and the twin models of the service SDKs. Neither the generation id nor the time of the last connection change is in it.</remarks>
public static class TwinDocument
{
    private const string Never = "0001-01-01T00:00:00Z";

    /// <summary>Writes one object.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="twin">What.</param>
    public static void WriteTo(Utf8JsonWriter writer, Twin twin)
    {
        writer.WriteStartObject();
        WriteIdentity(writer, twin);
        writer.WritePropertyName("tags"u8);
        writer.WriteRawValue(twin.Tags.Span, skipInputValidation: true);
        WriteProperties(writer, twin);
        WriteSurroundings(writer, twin);
        writer.WriteEndObject();
    }

    /// <summary>Writes what an event says of a whole twin: ids, ETag, version, tags and properties.</summary>
    internal static void WriteEvent(Utf8JsonWriter writer, Twin twin, bool withEmptyTags)
    {
        writer.WriteStartObject();
        WriteIds(writer, twin);
        writer.WriteString("etag"u8, twin.ETag);
        writer.WriteNumber("version"u8, twin.Version);
        if (withEmptyTags || twin.Tags.Length > 2)
        {
            writer.WritePropertyName("tags"u8);
            writer.WriteRawValue(twin.Tags.Span, skipInputValidation: true);
        }

        WriteProperties(writer, twin);
        writer.WriteEndObject();
    }

    private static void WriteIds(Utf8JsonWriter writer, Twin twin)
    {
        writer.WriteString("deviceId"u8, twin.Key.Device.Value);
        if (twin.Key.Module is { } module)
        {
            writer.WriteString("moduleId"u8, module.Value);
        }
    }

    private static void WriteProperties(Utf8JsonWriter writer, Twin twin)
    {
        writer.WriteStartObject("properties"u8);
        WriteSection(writer, "desired"u8, twin.Desired);
        WriteSection(writer, "reported"u8, twin.Reported);
        writer.WriteEndObject();
    }

    private static void WriteIdentity(Utf8JsonWriter writer, Twin twin)
    {
        WriteIds(writer, twin);
        writer.WriteString("modelId"u8, twin.ModelId ?? "");
        writer.WriteString("etag"u8, twin.ETag);
        writer.WriteString("deviceEtag"u8, twin.DeviceETag);
        writer.WriteNumber("version"u8, twin.Version);
        writer.WriteString("status"u8, twin.IsEnabled ? "enabled"u8 : "disabled"u8);
        writer.WriteString("statusReason"u8, twin.StatusReason);
        writer.WriteString("statusUpdateTime"u8, TimeOf(twin.StatusChanged));
        writer.WriteString("connectionState"u8, twin.Connection.IsConnected ? "Connected"u8 : "Disconnected"u8);
        writer.WriteString("lastActivityTime"u8, TimeOf(twin.Connection.LastActivity));
        writer.WriteNumber("cloudToDeviceMessageCount"u8, twin.CloudToDeviceMessageCount);
        writer.WriteString("authenticationType"u8, twin.AuthenticationType);
        writer.WriteStartObject("x509Thumbprint"u8);
        writer.WriteString("primaryThumbprint"u8, twin.PrimaryThumbprint);
        writer.WriteString("secondaryThumbprint"u8, twin.SecondaryThumbprint);
        writer.WriteEndObject();
    }

    private static void WriteSurroundings(Utf8JsonWriter writer, Twin twin)
    {
        if (!twin.Key.IsModule)
        {
            writer.WriteStartObject("capabilities"u8);
            writer.WriteBoolean("iotEdge"u8, twin.IsEdge);
            writer.WriteEndObject();
        }

        if (twin.DeviceScope is { } scope)
        {
            writer.WriteString("deviceScope"u8, scope);
        }

        if (twin.ParentScope is { } parent)
        {
            writer.WriteStartArray("parentScopes"u8);
            writer.WriteStringValue(parent);
            writer.WriteEndArray();
        }

        if (twin.HasConfigurations)
        {
            writer.WritePropertyName("configurations"u8);
            writer.WriteRawValue(twin.Configurations.Span, skipInputValidation: true);
        }
    }

    private static void WriteSection(Utf8JsonWriter writer, ReadOnlySpan<byte> name, TwinSection section)
    {
        var text = new ArrayBufferWriter<byte>(section.Json.Length + section.Metadata.Length + 64);
        TwinText.WriteSection(text, section);
        writer.WritePropertyName(name);
        writer.WriteRawValue(text.WrittenSpan, skipInputValidation: true);
    }

    private static string TimeOf(DateTimeOffset? time) => time is { } known ? known.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) : Never;
}
